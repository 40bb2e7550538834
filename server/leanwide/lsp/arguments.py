"""The one object that a command takes, read into types."""

from __future__ import annotations

from typing import Any

from attrs import frozen
from cattrs import BaseValidationError, Converter
from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from leanwide.features.explain import Place
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
    given = arguments[0] if len(arguments) == 1 and isinstance(arguments[0], dict) else {}
    uri, token = given.get("uri"), given.get("streamToken")
    if not isinstance(uri, str) or not (token is None or _is_token(token)):
        raise _refusal()
    try:
        span = converter.structure(given.get("range"), types.Range)
    except (BaseValidationError, TypeError, ValueError) as error:
        raise _refusal() from error
    return Target(uri, span, token)


def _is_token(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _refusal() -> JsonRpcInvalidParams:
    return JsonRpcInvalidParams(
        message='this takes one object {"uri", "range", "streamToken"?}, as docs/protocol.md says'
    )


def place_at(workspace: DocumentWorkspace, uri: str, span: types.Range) -> Place:
    """Take a snapshot of a document with a selection.

    Raises:
        JsonRpcInvalidParams: The document is not open, or has no such range.
    """
    start, end = sorted((span.start, span.end), key=lambda at: (at.line, at.character))
    view = view_at(workspace, uri, start)
    return Place(view=view, end=Position(*locate(workspace, uri, end)))
