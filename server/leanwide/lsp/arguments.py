"""The one object that a command takes, read into types."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from cattrs import BaseValidationError, Converter
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from leanwide.features.fix import Diagnostic
from leanwide.features.place import Place
from leanwide.lsp.convert import locate, view_at
from leanwide.lsp.documents import DocumentWorkspace
from leanwide.syntax import Position


@frozen
class Target:
    """A place in a document, and where text of the answer is to be streamed to."""

    uri: str
    range: types.Range
    token: int | str | None
    """Of ``$/progress``; None: the answer comes at the end only."""


def target(arguments: tuple[Any, ...], converter: Converter) -> Target:
    """Read ``{"uri", "range", "streamToken"?}``.

    Raises:
        JsonRpcInvalidParams: It is something else; the message says what it should be.
    """
    given = _given(arguments)
    uri, token = given.get("uri"), given.get("streamToken")
    if not isinstance(uri, str) or not (token is None or _is_token(token)):
        raise _refusal()
    try:
        span = converter.structure(given.get("range"), types.Range)
    except (BaseValidationError, TypeError, ValueError) as error:
        raise _refusal() from error
    return Target(uri, span, token)


def instruction(arguments: tuple[Any, ...]) -> str:
    """Read ``"instruction"``, what somebody wants done.

    Raises:
        JsonRpcInvalidParams: It is missing, empty, or no text.
    """
    given = _given(arguments).get("instruction")
    if not isinstance(given, str) or not given.strip():
        raise _refusal()
    return given


def apply_wanted(arguments: tuple[Any, ...]) -> bool:
    """Read ``"apply"``: whether the server itself is to have the edit applied.

    Raises:
        JsonRpcInvalidParams: It is neither true nor false.
    """
    given = _given(arguments).get("apply", False)
    if not isinstance(given, bool):
        raise _refusal()
    return given


def diagnostics(arguments: tuple[Any, ...], converter: Converter) -> tuple[Diagnostic, ...]:
    """Read ``"diagnostics"``, as a code action's context has them; none where it is missing.

    Raises:
        JsonRpcInvalidParams: They are something else.
    """
    try:
        given = converter.structure(
            _given(arguments).get("diagnostics") or [], list[types.Diagnostic]
        )
    except (BaseValidationError, TypeError, ValueError) as error:
        raise _refusal() from error
    return tuple(
        Diagnostic(
            first=one.range.start.line,
            last=one.range.end.line,
            message=one.message if isinstance(one.message, str) else one.message.value,
        )
        for one in given
    )


def _given(arguments: tuple[Any, ...]) -> dict[str, Any]:
    """The one object; empty where there is something else."""
    return arguments[0] if len(arguments) == 1 and isinstance(arguments[0], dict) else {}


def _is_token(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _refusal() -> JsonRpcInvalidParams:
    return JsonRpcInvalidParams(
        message='this takes one object with "uri" and "range", as docs/protocol.md says'
    )


def place_at(workspace: DocumentWorkspace, uri: str, span: types.Range) -> Place:
    """Take a snapshot of a document with a selection.

    Raises:
        JsonRpcInvalidParams: The document is not open, or has no such range.
    """
    start, end = sorted((span.start, span.end), key=lambda at: (at.line, at.character))
    view = view_at(workspace, uri, start)
    return Place(view=view, end=Position(*locate(workspace, uri, end)))
