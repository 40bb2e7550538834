"""The one object that a command takes, read into types."""

from __future__ import annotations

from typing import Any, Final

from attrs import frozen
from cattrs import BaseValidationError, Converter
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from leanwide.features.ask.selection import Selection, select_all
from leanwide.features.edit.fix import Diagnostic
from leanwide.lsp.convert import locate, view_at
from leanwide.lsp.documents import DocumentWorkspace
from leanwide.modes.profile import Mode
from leanwide.syntax import Position

AUTO: Final = "auto"
"""The mode is the router's choice."""


@frozen
class TargetArguments:
    """A place in a document, and where text of the answer is to be streamed to."""

    uri: str
    range: types.Range
    token: int | str | None
    """Of ``$/progress``; None: the answer comes at the end only."""


@frozen(kw_only=True)
class ChatMessage:
    """A message of a conversation."""

    message: str
    id: str | None
    """The conversation; None begins one."""
    uri: str | None
    """The document that it is about."""
    range: types.Range | None
    """The part of the document; None is all of it."""
    token: int | str | None
    """Of ``$/progress``; None: the answer comes at the end only."""


def target(arguments: tuple[Any, ...], converter: Converter) -> TargetArguments:
    """Read ``{"uri", "range", "streamToken"?}``.

    Raises:
        JsonRpcInvalidParams: It is something else; the message says what it should be.
    """
    given = _one_object(arguments)
    uri, token = given.get("uri"), given.get("streamToken")
    span = _span(given.get("range"), converter)
    if not isinstance(uri, str) or span is None or not _is_token(token):
        raise _refusal('{"uri", "range", "streamToken"?}')
    return TargetArguments(uri, span, token)


def chat_message(arguments: tuple[Any, ...], converter: Converter) -> ChatMessage:
    """Read ``{"message", "id"?, "uri"?, "range"?, "streamToken"?}``.

    Raises:
        JsonRpcInvalidParams: It is something else; the message says what it should be.
    """
    given = _one_object(arguments)
    message, token = given.get("message"), given.get("streamToken")
    known, uri = given.get("id"), given.get("uri")
    span = _span(given.get("range"), converter)
    texts = all(isinstance(one, str | None) for one in (known, uri))
    ranged = given.get("range") is not None
    fits = texts and _is_token(token) and ((span is not None and uri is not None) or not ranged)
    if not isinstance(message, str) or not fits:
        raise _refusal('{"message", "id"?, "uri"?, "range"?, "streamToken"?}')
    return ChatMessage(message=message, id=known, uri=uri, range=span, token=token)


def chat_id(arguments: tuple[Any, ...]) -> str:
    """Read ``{"id"}``.

    Raises:
        JsonRpcInvalidParams: It is something else; the message says what it should be.
    """
    known = _one_object(arguments).get("id")
    if not isinstance(known, str):
        raise _refusal('{"id"}')
    return known


def chosen_mode(arguments: tuple[Any, ...]) -> Mode | None:
    """Read ``{"mode"}``; None stands for ``auto``.

    Raises:
        JsonRpcInvalidParams: It is something else; the message names the modes.
    """
    wanted = _one_object(arguments).get("mode")
    if wanted == AUTO:
        return None
    if wanted not in tuple(Mode):
        names = ", ".join(f'"{name}"' for name in (AUTO, *Mode))
        raise _refusal(f'{{"mode"}} with one of {names}')
    return Mode(wanted)


def instruction(arguments: tuple[Any, ...]) -> str:
    """Read ``"instruction"``, what somebody wants done.

    Raises:
        JsonRpcInvalidParams: It is missing, empty, or no text.
    """
    given = _one_object(arguments).get("instruction")
    if not isinstance(given, str) or not given.strip():
        raise _refusal('with an "instruction"')
    return given


def wanted(arguments: tuple[Any, ...], wish: str) -> bool:
    """Read ``"apply"`` or ``"show"``: whether the server itself is to give the editor its answer.

    Raises:
        JsonRpcInvalidParams: It is neither true nor false.
    """
    given = _one_object(arguments).get(wish, False)
    if not isinstance(given, bool):
        raise _refusal(f'with "{wish}" true or false')
    return given


def diagnostics(arguments: tuple[Any, ...], converter: Converter) -> tuple[Diagnostic, ...]:
    """Read ``"diagnostics"``, as a code action's context has them; none where it is missing.

    Raises:
        JsonRpcInvalidParams: They are something else.
    """
    try:
        given = converter.structure(
            _one_object(arguments).get("diagnostics") or [], list[types.Diagnostic]
        )
    except (BaseValidationError, TypeError, ValueError) as error:
        raise _refusal('with "diagnostics" as those of LSP') from error
    return tuple(
        Diagnostic(
            first=one.range.start.line,
            last=one.range.end.line,
            message=one.message if isinstance(one.message, str) else one.message.value,
        )
        for one in given
    )


def _one_object(arguments: tuple[Any, ...]) -> dict[str, Any]:
    """The object that a command takes; without one an empty one, in which everything is missing."""
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], dict) else {}


def _span(given: Any, converter: Converter) -> types.Range | None:
    """A range, or None where it is none."""
    try:
        return converter.structure(given, types.Range)
    except (BaseValidationError, TypeError, ValueError):
        return None


def _is_token(value: Any) -> bool:
    return isinstance(value, int | str | None) and not isinstance(value, bool)


def _refusal(wanted: str) -> JsonRpcInvalidParams:
    return JsonRpcInvalidParams(message=f"this takes one object {wanted}, as docs/protocol.md says")


def place_at(workspace: DocumentWorkspace, uri: str, span: types.Range) -> Selection:
    """Take a snapshot of a document with a selection.

    Raises:
        JsonRpcInvalidParams: The document is not open, or has no such range.
    """
    start, end = sorted((span.start, span.end), key=lambda at: (at.line, at.character))
    view = view_at(workspace, uri, start)
    return Selection(view=view, end=Position(*locate(workspace, uri, end)))


def document_at(workspace: DocumentWorkspace, uri: str) -> Selection:
    """Take a snapshot of a document with all of it selected.

    Raises:
        JsonRpcInvalidParams: The document is not open.
    """
    return select_all(view_at(workspace, uri, types.Position(0, 0)))
