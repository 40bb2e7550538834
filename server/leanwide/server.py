"""The language server: the tables of everything that it answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from lsprotocol import types

from leanwide.lsp.handlers import (
    actions,
    chat,
    commands,
    completion,
    cursor,
    documents,
    edits,
    explain,
    lifecycle,
    models,
    next_edit,
    notebooks,
    workspace,
)
from leanwide.lsp.parameters import (
    COPILOT_INLINE_EDIT,
    CURSOR,
    DID_FOCUS,
    DID_SHOW_INLINE_EDIT,
    NEXT_EDIT,
)
from leanwide.lsp.session import Launch, Restrict, Server
from leanwide.options import Layer, restrict_editor
from leanwide.prompt.texts import built_in_texts

HANDLERS: Final[tuple[tuple[str, Callable[..., Any], Any], ...]] = (
    (types.INITIALIZE, lifecycle.initialize, None),
    (types.INITIALIZED, lifecycle.initialized, None),
    (types.WORKSPACE_DID_CHANGE_CONFIGURATION, lifecycle.did_change_configuration, None),
    (types.SHUTDOWN, lifecycle.shutdown, None),
    (types.TEXT_DOCUMENT_DID_OPEN, documents.did_open, None),
    (types.TEXT_DOCUMENT_DID_CHANGE, documents.did_change, None),
    (types.TEXT_DOCUMENT_DID_SAVE, documents.did_save, None),
    (types.TEXT_DOCUMENT_DID_CLOSE, documents.did_close, None),
    (types.NOTEBOOK_DOCUMENT_DID_OPEN, notebooks.did_open, None),
    (types.NOTEBOOK_DOCUMENT_DID_CHANGE, notebooks.did_change, None),
    (types.NOTEBOOK_DOCUMENT_DID_CLOSE, notebooks.did_close, None),
    (types.WORKSPACE_DID_CHANGE_WATCHED_FILES, workspace.did_change_watched_files, None),
    (types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, workspace.did_change_workspace_folders, None),
    (CURSOR, cursor.cursor, None),
    (NEXT_EDIT, next_edit.next_edit, None),
    (COPILOT_INLINE_EDIT, next_edit.copilot_inline_edit, None),
    (DID_SHOW_INLINE_EDIT, next_edit.did_show, None),
    (DID_FOCUS, next_edit.did_focus, None),
    # pygls advertises inline completion only where options are given.
    (
        types.TEXT_DOCUMENT_INLINE_COMPLETION,
        completion.inline_completion,
        types.InlineCompletionOptions(),
    ),
    (
        types.TEXT_DOCUMENT_CODE_ACTION,
        actions.code_actions,
        types.CodeActionOptions(code_action_kinds=actions.KINDS),
    ),
)
"""LSP method, the function that handles it, and the options that are advertised."""

Command = Callable[..., Awaitable[Any]]

COMMANDS: Final[tuple[tuple[str, Command], ...]] = (
    ("leanwide.status", commands.status),
    ("leanwide.lastRequest", commands.last_request),
    ("leanwide.setMode", commands.set_mode),
    ("leanwide.why", commands.why),
    ("leanwide.accepted", commands.accepted),
    ("leanwide.nextEditAccepted", next_edit.accepted),
    ("leanwide.nextEditRejected", next_edit.rejected),
    ("leanwide.setNextEdit", next_edit.switch),
    ("leanwide.stats", commands.stats),
    ("leanwide.models", models.models),
    ("leanwide.pullModel", models.pull_model),
    ("leanwide.useModel", models.use_model),
    ("leanwide.explain", explain.explain),
    ("leanwide.chat", chat.chat),
    ("leanwide.chats", chat.chats),
    ("leanwide.endChat", chat.end_chat),
    ("leanwide.refactor", edits.refactor),
    ("leanwide.document", edits.document),
    ("leanwide.fix", edits.fix),
    ("leanwide.test", edits.test),
)
"""Command, and the function that runs it."""


def create_server(
    launch: Launch,
    layers: tuple[Layer, ...] = (),
    problems: tuple[str, ...] = (),
    texts: Mapping[str, str] | None = None,
    restrict: Restrict = restrict_editor,
) -> Server:
    """Return a server that answers everything in :data:`HANDLERS` and :data:`COMMANDS`.

    Args:
        launch: Creates an engine for options; the engine loads its model later.
        layers: The user's settings, lowest first.
        problems: What is wrong with the files that they come from, for the user.
        texts: System prompts by command; None means the built-in ones.
        restrict: Returns what the editor may set.
    """
    server = Server(launch, layers, problems, texts or built_in_texts(), restrict)
    for method, handler, options in HANDLERS:
        server.feature(method, options)(handler)
    for name, command in COMMANDS:
        server.command(name)(command)
    return server
