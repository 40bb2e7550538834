"""``leanwide.refactor``, ``document``, ``fix`` and ``test``: an edit that the client may apply."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Coroutine
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from leanwide.context.view import Snapshot, View
from leanwide.engine.requests import CancelToken
from leanwide.features.ask.selection import Selection
from leanwide.features.cost import cost
from leanwide.features.edit import add_documentation as document_feature
from leanwide.features.edit import fix as fix_feature
from leanwide.features.edit import refactor as refactor_feature
from leanwide.features.edit import write_test as test_feature
from leanwide.features.edit.assignment import Attempt, EditContext, EditOutcome
from leanwide.features.edit.attempts import StoredAttempt
from leanwide.features.edit.change import FileEdit
from leanwide.features.edit.edit import edit_again
from leanwide.features.edit.streaming import ShowEdits
from leanwide.lsp import convert
from leanwide.lsp.arguments import EditArguments, FixArguments, RefactorArguments
from leanwide.lsp.documents import DocumentWorkspace
from leanwide.lsp.edits import edit_support, text_edits, workspace_edit
from leanwide.lsp.questions import (
    as_it_arrived,
    content_modified,
    newest,
    server_cancelled,
    stream,
)
from leanwide.lsp.requests import RequestKind
from leanwide.lsp.session import Server
from leanwide.modes.profile import Mode
from leanwide.modes.router import Task
from leanwide.syntax import Edit

_SUPERSEDED = "a newer edit of this document took its place"

Start = Callable[[Selection, EditContext], Coroutine[Any, Any, EditOutcome]]


async def refactor(ls: Server, given: RefactorArguments) -> dict[str, Any]:
    """``leanwide.refactor``: change code as the instruction says."""

    def start(selection: Selection, context: EditContext) -> Coroutine[Any, Any, EditOutcome]:
        return refactor_feature.refactor(selection, given.instruction, context)

    return await _edit(ls, given, Task.REFACTOR, start)


async def document(ls: Server, given: EditArguments) -> dict[str, Any]:
    """``leanwide.document``: write documentation for a definition."""
    return await _edit(ls, given, Task.DOCUMENT, document_feature.document)


async def fix(ls: Server, given: FixArguments) -> dict[str, Any]:
    """``leanwide.fix``: change code so that its diagnostics no longer apply."""
    found = convert.diagnostics_of(given.diagnostics or ())

    def start(selection: Selection, context: EditContext) -> Coroutine[Any, Any, EditOutcome]:
        return fix_feature.fix(selection, found, context)

    return await _edit(ls, given, Task.FIX, start)


async def test(ls: Server, given: EditArguments) -> dict[str, Any]:
    """``leanwide.test``: write a test for a definition, in a test file."""

    def opened(uri: str) -> Snapshot | None:
        known = ls.documents.opened(uri) is not None
        return convert.snapshot(ls.documents, uri) if known else None

    def start(selection: Selection, context: EditContext) -> Coroutine[Any, Any, EditOutcome]:
        return test_feature.write_test(selection, opened, context)

    return await _edit(ls, given, Task.TEST, start)


async def _edit(ls: Server, given: EditArguments, task: Task, start: Start) -> dict[str, Any]:
    """Run a feature and return its edit.

    Raises:
        JsonRpcContentModified: A document is not what it was.
    """
    selection = as_it_arrived(convert.selection_at(ls.documents, given.uri, given.range))
    view, show = selection.view, stream(ls, given.stream_token)
    support = edit_support(ls.client_capabilities)
    earlier = _earlier(ls, given, task, view)

    async def begin(cancel: CancelToken) -> EditOutcome:
        context = EditContext(
            task=task,
            session=ls.session,
            cancel=cancel,
            show=show,
            show_edits=_edit_stream(ls, given.stream_token, view),
            creates=support.creation,
            hint=(given.hint or "").strip(),
        )
        # An attempt whose conversation has no more room is asked anew.
        outcome = await edit_again(earlier, context) if earlier is not None else None
        return await start(selection, context) if outcome is None else outcome

    def superseded() -> JsonRpcException:
        current = _is_current(ls.documents, view)
        return server_cancelled(_SUPERSEDED) if current else content_modified(given.uri)

    outcome = await newest(ls.live, RequestKind.EDIT, given.uri, begin, superseded)
    # Nothing is awaited from here until the edit is sent: no change can come in between.
    current = _is_current(ls.documents, view)
    if not current or (outcome.change and not _fits(ls.documents, outcome.change)):
        raise content_modified(given.uri)
    edit = None
    if outcome.change is not None:
        codec = ls.documents.position_codec
        edit = workspace_edit(outcome.change, f"leanwide: {task}", support, codec)
    markdown = outcome.markdown if edit is None else ""
    attempt = _remember(ls, outcome, task, view)
    if edit is not None and attempt is not None:
        ls.acceptance.edit_shown(attempt, view, Mode(outcome.records[-1].mode))
    result = {"edit": edit, "attempt": attempt, "stats": convert.camel_case(cost(*outcome.records))}
    if markdown:
        result["markdown"] = markdown
    if given.apply:
        result["applied"] = await _apply(ls, edit, markdown, task)
        if result["applied"] and attempt is not None:
            ls.acceptance.accepted(attempt)
    return result


def _earlier(ls: Server, given: EditArguments, task: Task, view: View) -> Attempt | None:
    """Return the attempt that a request continues; None where it has to be asked anew."""
    stored = ls.attempts.find(given.attempt)
    if stored is None or not stored.continues(task, view, ls.session.backend):
        return None
    if stored.change is not None and not _fits(ls.documents, stored.change):
        return None
    return stored.attempt


def _remember(ls: Server, outcome: EditOutcome, task: Task, view: View) -> str | None:
    """Return the id by which the answer can be continued; None where the model was not asked."""
    if outcome.attempt is None:
        return None
    stored = StoredAttempt(
        task=task,
        view=view,
        backend=ls.session.backend,
        change=outcome.change,
        attempt=outcome.attempt,
    )
    return ls.attempts.remember(stored)


def _edit_stream(ls: Server, token: int | str | None, view: View) -> ShowEdits | None:
    """Return what sends settled edits of a document as ``$/progress``; None without a token."""
    if token is None:
        return None

    def show(edits: tuple[Edit, ...]) -> None:
        found = text_edits(edits, view.lines, ls.documents.position_codec)
        value = {"text": "", "edits": found, "version": view.version}
        ls.progress(types.ProgressParams(token=token, value=value))

    return show


def _is_current(workspace: DocumentWorkspace, view: View) -> bool:
    """Whether a document is still what it was."""
    document = workspace.opened(view.uri)
    return document is not None and document.version == view.version


def _fits(workspace: DocumentWorkspace, change: FileEdit) -> bool:
    """Whether a change is for the text that its document has now."""
    document = workspace.opened(change.uri)
    return (document.version if document is not None else None) == change.version


async def _apply(ls: Server, edit: types.WorkspaceEdit | None, markdown: str, task: Task) -> bool:
    """Send the edit to the client, or show why there is none; whether it was applied."""
    if edit is not None:
        # Whatever its capabilities say: Kate applies edits without announcing it.
        params = types.ApplyWorkspaceEditParams(edit, label=f"leanwide: {task}")
        with contextlib.suppress(JsonRpcException):
            return (await ls.workspace_apply_edit_async(params)).applied
    sentence = markdown.partition("\n\n")[0] or "This editor cannot apply the edit."
    kind = types.MessageType.Info
    ls.window_show_message(types.ShowMessageParams(type=kind, message=sentence))
    return False
