"""``leanwide.refactor``, ``document``, ``fix`` and ``test``: an edit that the client may apply."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from leanwide.context.view import View
from leanwide.engine.base import CancelToken
from leanwide.features.ask.selection import Selection
from leanwide.features.cost import cost
from leanwide.features.edit import add_documentation as document_feature
from leanwide.features.edit import fix as fix_feature
from leanwide.features.edit import refactor as refactor_feature
from leanwide.features.edit import write_test as test_feature
from leanwide.features.edit.change import FileEdit
from leanwide.features.edit.edit import EditContext, EditOutcome
from leanwide.lsp import convert
from leanwide.lsp.arguments import diagnostics, instruction, target, wanted
from leanwide.lsp.edits import edit_support, workspace_edit
from leanwide.lsp.questions import changed, newest, snapshot, stream, superseded
from leanwide.modes.router import Task

if TYPE_CHECKING:
    from leanwide.lsp.session import Server

_RETIRED = "a newer edit of this document took its place"

Start = Callable[[Selection, EditContext], Coroutine[Any, Any, EditOutcome]]


async def refactor(ls: Server, *arguments: Any) -> dict[str, Any]:
    """``leanwide.refactor``: the code changed as the instruction says."""
    wish = instruction(arguments)
    return await _edit(
        ls,
        arguments,
        Task.REFACTOR,
        lambda place, context: refactor_feature.refactor(place, wish, context),
    )


async def document(ls: Server, *arguments: Any) -> dict[str, Any]:
    """``leanwide.document``: documentation for what is defined."""
    return await _edit(ls, arguments, Task.DOCUMENT, document_feature.document)


async def fix(ls: Server, *arguments: Any) -> dict[str, Any]:
    """``leanwide.fix``: the code without what the diagnostics complain about."""
    found = diagnostics(arguments, ls.protocol._converter)
    return await _edit(
        ls, arguments, Task.FIX, lambda place, context: fix_feature.fix(place, found, context)
    )


async def test(ls: Server, *arguments: Any) -> dict[str, Any]:
    """``leanwide.test``: a test for what is defined, in a test file."""

    def opened(uri: str) -> View | None:
        start = types.Position(0, 0)
        known = ls.documents.opened(uri) is not None
        return convert.view_at(ls.documents, uri, start) if known else None

    return await _edit(
        ls,
        arguments,
        Task.TEST,
        lambda place, context: test_feature.write_test(place, opened, context),
    )


async def _edit(ls: Server, arguments: tuple[Any, ...], task: Task, start: Start) -> dict[str, Any]:
    """Run a feature, and answer its change; refused where a document is not what it was."""
    asked, applies = target(arguments, ls.protocol._converter), wanted(arguments, "apply")
    place, show = snapshot(ls, asked), stream(ls, asked.token)
    creates = edit_support(ls.client_capabilities).creation

    def begin(cancel: CancelToken) -> Coroutine[Any, Any, EditOutcome]:
        context = EditContext(
            task=task, session=ls.session, cancel=cancel, show=show, creates=creates
        )
        return start(place, context)

    outcome = await newest(
        ls.editing,
        asked.uri,
        begin,
        lambda: superseded(_RETIRED) if _current(ls, place.view) else changed(asked.uri),
    )
    # Nothing is awaited from here until the edit is sent: no change can come in between.
    if not _current(ls, place.view) or (outcome.change and not _fits(ls, outcome.change)):
        raise changed(asked.uri)
    edit, markdown = _worded(ls, outcome, task)
    result = {"edit": edit, "stats": convert.camel_case(cost(*outcome.records))}
    if markdown:
        result["markdown"] = markdown
    if applies:
        result["applied"] = await _apply(ls, edit, markdown, task)
    return result


def _current(ls: Server, view: View) -> bool:
    """Whether a document is still what it was."""
    document = ls.documents.opened(view.uri)
    return document is not None and document.version == view.version


def _fits(ls: Server, change: FileEdit) -> bool:
    """Whether a change is for the text that its document has now."""
    document = ls.documents.opened(change.uri)
    return (document.version if document is not None else None) == change.version


def _worded(ls: Server, outcome: EditOutcome, task: Task) -> tuple[types.WorkspaceEdit | None, str]:
    """The edit, or what is said in its place."""
    change, support = outcome.change, edit_support(ls.client_capabilities)
    if change is None:
        return None, outcome.markdown
    codec = ls.documents.position_codec
    return workspace_edit(change, f"leanwide: {task}", support, codec), ""


async def _apply(ls: Server, edit: types.WorkspaceEdit | None, markdown: str, task: Task) -> bool:
    """Let the client apply the edit; say why there is none to somebody who reads no result."""
    if edit is not None:
        # Asked in any case: Kate applies edits, and does not say before that it can.
        params = types.ApplyWorkspaceEditParams(edit, label=f"leanwide: {task}")
        with contextlib.suppress(JsonRpcException):
            return (await ls.workspace_apply_edit_async(params)).applied
    sentence = markdown.partition("\n\n")[0] or "This editor cannot apply the edit."
    kind = types.MessageType.Info
    ls.window_show_message(types.ShowMessageParams(type=kind, message=sentence))
    return False
