"""Files that change on disk, under the hands of other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from leanwide.lsp.uris import file_path

if TYPE_CHECKING:
    from leanwide.server import Server


def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Bring the index up to date with what other programs did."""
    for change in params.changes:
        if (path := file_path(change.uri)) is None:
            continue
        if change.type is types.FileChangeType.Deleted:
            ls.elsewhere.remove(path)
        else:
            ls.elsewhere.look_again(path)


def watch_files(ls: Server) -> None:
    """Ask to be told of changed files, where the client can do that.

    All files, because folders come and go under any name and ignore files have none in common.
    """
    workspace = ls.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace is not None else None
    if ls.root is None or watching is None or not watching.dynamic_registration:
        return
    everything = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
    method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    registration = types.Registration("leanwide/files", method, everything)
    ls.client_register_capability(types.RegistrationParams([registration]))
