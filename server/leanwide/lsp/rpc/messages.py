"""Reads the bodies of frames as JSON-RPC messages; knows nothing of LSP."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeAlias

from attrs import frozen
from lsprotocol.types import ErrorCodes

Id: TypeAlias = int | str

_ESCAPED_SURROGATE: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_ESCAPE: Final = re.compile(
    rb"""(\\u[dD][89abAB]..\\u[dD][c-fC-F]..   # a pair
         |\\(?!u[dD][89a-fA-F]).)            # any other escape, such as that of a backslash
         |\\u....""",
    re.VERBOSE,
)
"""An escape in valid JSON; in group 1, unless it is a lone surrogate."""


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
    """Read a message. Lone surrogates in its strings become U+FFFD, which has the same length."""
    try:
        data = _DECODER.decode(body.decode("utf-8"))
        if _ESCAPED_SURROGATE.search(body):
            data = _without_lone_surrogates(data, body)
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
    known = given if _is_id(given) else None
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


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _without_lone_surrogates(data: Any, body: bytes) -> Any:
    """Return a decoded body without lone surrogates, except in the id, which the answer repeats.

    They are replaced before decoding: a walk through what was decoded could be too deep.
    """
    repaired = _DECODER.decode(_ESCAPE.sub(_replaced, body).decode("utf-8"))
    return {**repaired, "id": data["id"]} if isinstance(data, dict) and "id" in data else repaired


def _replaced(escape: re.Match[bytes]) -> bytes:
    return escape[1] or rb"\ufffd"


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _refuse(text: str) -> NoReturn:
    raise ValueError(text)


_CONSTANT: Final[Callable[[str], Any]] = _refuse
"""JSON has neither NaN nor Infinity, and neither can be sent back."""
_DECODER: Final = json.JSONDecoder(parse_float=_finite, parse_constant=_CONSTANT)
