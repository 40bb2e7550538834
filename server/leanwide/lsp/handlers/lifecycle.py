"""From initialize to shutdown, and the settings in between."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.workspace import Workspace

from leanwide.features.machine_monitor import monitor_machine
from leanwide.lsp.documents import DocumentWorkspace
from leanwide.lsp.handlers.workspace import opened_folders, watch_files
from leanwide.lsp.uris import without_host
from leanwide.options import Layer

if TYPE_CHECKING:
    from leanwide.lsp.session import Server


async def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Take over the workspace and read the settings that belong to it."""
    old = ls.protocol.workspace
    ls.protocol._workspace = DocumentWorkspace(  # pygls has no other way in
        old.root_uri, old._sync_kind, list(old.folders.values()), old.position_encoding
    )
    folders = opened_folders(ls) or _root(old)
    await ls.configure(editor=editor_layer(params.initialization_options), folders=folders)


def _root(workspace: Workspace) -> tuple[str, ...]:
    """The root folder of a client that has no word for several."""
    return (without_host(workspace.root_path),) if workspace.root_path else ()


async def initialized(ls: Server, _: types.InitializedParams) -> None:
    """Say what was wrong with the settings, as messages may be sent now; begin the upkeep."""
    ls.tell_problems()
    if ls.upkeep is None:
        ls.upkeep = asyncio.create_task(monitor_machine(ls.session, ls.save_when_idle))
    watch_files(ls)
    ls.build_index()
    await ls.pages.remove_left()
    await ls.feedback.follow_index(ls.folders.elsewhere)


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    """Take new settings from the editor."""
    settings = params.settings
    if isinstance(settings, dict) and "leanwide" in settings:
        settings = settings["leanwide"]
    await ls.configure(editor=editor_layer(settings))
    ls.tell_problems()
    ls.build_index()
    await ls.feedback.follow_index(ls.folders.elsewhere)


async def shutdown(ls: Server, _: None) -> None:
    """End the engine and what waits for it; the editor is about to close the connection."""
    ls.protocol.end_requests()
    await ls.close()


def editor_layer(settings: Any) -> Layer:
    """Settings that the editor sent; anything but an object counts as none."""
    return Layer("the editor's settings", settings if isinstance(settings, dict) else {})
