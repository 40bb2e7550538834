"""Files that change on disk, under the hands of other programs, and folders that come and go."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING

from lsprotocol import types

from leanwide.files.area import WorkspaceFolders
from leanwide.files.ignored import IGNORE_FILES
from leanwide.lsp.uris import file_path
from leanwide.options import WORKSPACE_FILE

if TYPE_CHECKING:
    from leanwide.lsp.session import Server


async def did_change_watched_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    """Bring the index, and what is known of open documents, up to date with other programs."""
    paths = [(change.type, file_path(change.uri)) for change in params.changes]
    for kind, path in paths:
        if path is not None and kind is types.FileChangeType.Deleted:
            ls.folders.elsewhere.remove(path)
        elif path is not None:
            ls.folders.elsewhere.reindex(path)
    changed = [path for _, path in paths if path is not None]
    there = [path for kind, path in paths if path and kind is not types.FileChangeType.Deleted]
    with ls.folders.names.changing():  # requests that come behind wait for all of it
        if await asyncio.to_thread(_hold_folder, there, ls.folders.names.folders):
            await _ask_ignore_files_again(ls)
        await follow_rules(ls, changed)


async def follow_rules(ls: Server, paths: Sequence[str]) -> None:
    """Go by ignore files and settings of folders that are among changed files, as they are now."""
    names = {PurePath(path).name for path in paths}
    if not names.isdisjoint(IGNORE_FILES):
        await _ask_ignore_files_again(ls)
    if WORKSPACE_FILE in names:
        with ls.folders.names.changing():
            async with ls.folders.changing():
                await ls.folders.read_settings_again()
            await ls.configure()
        ls.tell_problems()
        ls.build_index()


async def _ask_ignore_files_again(ls: Server) -> None:
    async with ls.folders.changing():
        ls.folders.read_ignore_files_again()
        await ls.use_folders()
    ls.build_index()


def _hold_folder(paths: Sequence[str], area: WorkspaceFolders) -> bool:
    """Whether one of the paths is a folder that counts, which appeared with all that is in it."""
    inside = (path for path in paths if area.holds(path) and Path(path).is_dir())
    return any(area.folder_exclusion_reason(area.resolve_folder(path)) is None for path in inside)


async def did_change_workspace_folders(
    ls: Server, _: types.DidChangeWorkspaceFoldersParams
) -> None:
    """Take over the folders that are open now; pygls keeps the list."""
    await ls.configure(folders=opened_folders(ls))
    ls.tell_problems()
    watch_files(ls)
    ls.build_index()
    await ls.feedback.follow_index(ls.folders.elsewhere)


def opened_folders(ls: Server) -> tuple[str, ...]:
    """Give the paths of the workspace's folders, as far as they are in a file system."""
    folders = (file_path(folder.uri) for folder in ls.workspace.folders.values())
    return tuple(path for path in folders if path)


def watch_files(ls: Server) -> None:
    """Ask to be told of changed files, where the client can do that.

    All files, because folders come and go under any name and ignore files have none in common.
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
