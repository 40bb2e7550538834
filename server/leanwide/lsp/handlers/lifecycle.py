"""From initialize to shutdown, and the editor's settings in between."""

from __future__ import annotations

import asyncio
from typing import Any, Final

import attrs
from lsprotocol import types

from leanwide.features.machine_monitor import monitor_machine
from leanwide.lsp.handlers.workspace import opened_folders, watch_files
from leanwide.lsp.session import Server
from leanwide.lsp.uris import without_host
from leanwide.options import Layer, Options

_SECTIONS: Final = frozenset(attrs.fields_dict(Options))


async def initialize(ls: Server, params: types.InitializeParams) -> None:
    """Open the workspace's folders and read their settings."""
    ls.protocol.replace_workspace()
    folders = opened_folders(ls.documents)
    root = ls.documents.root_path
    if not folders and root:  # a client that knows one folder only
        folders = (without_host(root),)
    await ls.configure(editor=_editor_layer(params.initialization_options), folders=folders)


async def initialized(ls: Server, _: types.InitializedParams) -> None:
    """Show what is wrong with the settings, as messages may be sent now; start background work."""
    ls.tell_problems()
    if ls.monitor is None:
        ls.monitor = asyncio.create_task(monitor_machine(ls.session, ls.save_when_idle))
    watch_files(ls)
    ls.build_index()
    await ls.pages.remove_abandoned()
    await ls.feedback.follow_index(ls.folders.workspace)


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    """Apply new settings of the editor; what says nothing to leanwide changes nothing."""
    settings = _own_settings(params.settings)
    if settings is None:
        return
    await ls.configure(editor=_editor_layer(settings))
    ls.tell_problems()
    ls.build_index()
    await ls.feedback.follow_index(ls.folders.workspace)


async def shutdown(ls: Server, _: None) -> None:
    """Cancel all requests and end the engine; the client closes the connection next."""
    ls.protocol.end_requests()
    await ls.close()


def _own_settings(sent: Any) -> dict[str, Any] | None:
    """Return leanwide's settings among those that an editor sent; None where there are none.

    Editors send ``null`` to say that something changed, ``{}`` where the user has set nothing, and
    the settings of all servers.
    """
    if not isinstance(sent, dict):
        return None
    if "leanwide" in sent:
        return sent["leanwide"] if isinstance(sent["leanwide"], dict) else None
    return None if _SECTIONS.isdisjoint(sent) else sent


def _editor_layer(settings: Any) -> Layer:
    """Return the editor's settings; anything but an object counts as none."""
    return Layer("the editor's settings", settings if isinstance(settings, dict) else {})
