"""Reads the bodies of frames as JSON-RPC messages; knows nothing of LSP."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeGuard

from attrs import frozen
from lsprotocol.types import ErrorCodes

from leanwide.foreign_json import read_json

Id: TypeAlias = int | str


@frozen
class RpcRequest:
    """A message that must be answered."""

    id: Id
    method: str
    data: dict[str, Any]
    """The whole message."""


@frozen
class RpcNotification:
    """A message that is not answered."""

    method: str
    data: dict[str, Any]
    """The whole message."""


@frozen
class RpcResponse:
    """The client's answer to a request of ours."""

    id: Id | None
    data: dict[str, Any]
    """The whole message."""


@frozen
class Invalid:
    """A frame that is no message, as an error to answer; the id is None where it has none."""

    id: Id | None
    code: ErrorCodes
    reason: str


Message: TypeAlias = RpcRequest | RpcNotification | RpcResponse | Invalid


def read_message(body: bytes) -> Message:
    """Read a message. Lone surrogates become U+FFFD, except in the id, which the answer repeats."""
    try:
        data = read_json(body, verbatim="id")
    except RecursionError:
        return Invalid(None, ErrorCodes.ParseError, "the message is nested too deeply")
    except ValueError:
        return Invalid(None, ErrorCodes.ParseError, "the message is not JSON in UTF-8")
    if isinstance(data, list):
        return Invalid(None, ErrorCodes.InvalidRequest, "LSP has no batches of messages")
    if not isinstance(data, dict):
        return Invalid(None, ErrorCodes.InvalidRequest, "the message is not a JSON object")
    return _classified(data)


def _classified(data: dict[str, Any]) -> Message:
    given = data.get("id")
    known = given if is_id(given) else None
    method = data.get("method")
    if reason := _fault(data, known):
        return Invalid(known, ErrorCodes.InvalidRequest, reason)
    if not isinstance(method, str):
        return RpcResponse(known, data)
    return RpcNotification(method, data) if known is None else RpcRequest(known, method, data)


def _fault(data: dict[str, Any], known: Id | None) -> str:
    """Return what is wrong with a message; "" where nothing is."""
    if data.get("jsonrpc") != "2.0":
        return 'the message has no "jsonrpc": "2.0"'
    if "method" not in data:
        answers = "result" in data or "error" in data
        return "" if answers else "the message has no method"
    if not isinstance(data["method"], str):
        return "the method is not a string"
    return "the id is neither an integer nor a string" if "id" in data and known is None else ""


def is_id(value: object) -> TypeGuard[Id]:
    """Whether a value may be an id; to Python, True is a number."""
    return isinstance(value, int | str) and not isinstance(value, bool)
