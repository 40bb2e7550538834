"""Files that other programs change, and folders that are added and removed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import PurePath

from lsprotocol import types

from leanwide.files.area import WorkspaceFolders
from leanwide.lsp.documents import DocumentWorkspace
from leanwide.lsp.session import Server
from leanwide.lsp.uris import file_path
from leanwide.options import WORKSPACE_FILE


async def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Update the index, and what is known of open documents, after changes by other programs."""
    paths = [(change.type, file_path(change.uri)) for change in params.changes]
    for kind, path in paths:
        if path is not None and kind is types.FileChangeType.Deleted:
            ls.folders.workspace.remove(path)
        elif path is not None:
            ls.folders.workspace.reindex(path)
    changed = [path for _, path in paths if path is not None]
    existing = [path for kind, path in paths if path and kind is not types.FileChangeType.Deleted]
    with ls.folders.names.changing():  # later requests wait for all of it
        if await asyncio.to_thread(contain_folder, existing, ls.folders.names.folders):
            await _reload_ignore_files(ls, changed)
        await follow_rules(ls, changed)


async def follow_rules(ls: Server, paths: Sequence[str]) -> None:
    """Reload the ignore files and settings of folders, if they are among changed files."""
    if any(map(ls.folders.ignore_by, paths)):
        await _reload_ignore_files(ls, paths)
    if WORKSPACE_FILE in {PurePath(path).name for path in paths}:
        with ls.folders.names.changing():
            async with ls.folders.changing():
                await ls.folders.reload_settings()
            await ls.configure()
        ls.tell_problems()
        ls.build_index()


async def _reload_ignore_files(ls: Server, changed: Sequence[str]) -> None:
    area = ls.folders.names.folders
    ls.feedback.unread.forget(map(area.resolve_folder, changed))
    async with ls.folders.changing():
        ls.folders.reload_ignore_files()
        await ls.use_folders()
    ls.build_index()


def contain_folder(paths: Sequence[str], area: WorkspaceFolders) -> bool:
    """Whether one of the paths is a folder that is not excluded: it came with all its files."""
    # Path.is_dir raises where it is forbidden to look, and for too long a name.
    inside = (path for path in paths if area.holds(path) and os.path.isdir(path))  # noqa: PTH112
    return any(area.folder_exclusion_reason(area.resolve_folder(path)) is None for path in inside)


async def did_change_workspace_folders(
    ls: Server, _: types.DidChangeWorkspaceFoldersParams
) -> None:
    """Use the folders that are open now; pygls keeps the list."""
    await ls.configure(folders=opened_folders(ls.documents))
    ls.tell_problems()
    watch_files(ls)
    ls.build_index()
    await ls.feedback.follow_index(ls.folders.workspace)


def opened_folders(workspace: DocumentWorkspace) -> tuple[str, ...]:
    """Return the paths of the workspace's folders that are in a file system."""
    folders = (file_path(folder.uri) for folder in workspace.folders.values())
    return tuple(path for path in folders if path)


def watch_files(ls: Server) -> None:
    """Ask the client to report changed files, if it supports that.

    All files, because folders have any name, and ignore files have no common pattern.
    """
    workspace = ls.client_capabilities.workspace
    watching = workspace.did_change_watched_files if workspace is not None else None
    can = watching is not None and watching.dynamic_registration
    if not can or not ls.folders.names.folders.folders or ls.watches_files:
        return
    ls.watches_files = True
    everything = types.DidChangeWatchedFilesRegistrationOptions([types.FileSystemWatcher("**/*")])
    method = types.WORKSPACE_DID_CHANGE_WATCHED_FILES
    registration = types.Registration("leanwide/files", method, everything)
    ls.client_register_capability(types.RegistrationParams([registration]))
