"""Bodies of frames, read into messages as JSON-RPC has them. Nothing of LSP is known here."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any, Final, NoReturn, TypeAlias

from attrs import frozen
from lsprotocol.types import ErrorCodes

Id: TypeAlias = int | str

_LONE: Final = re.compile("[\ud800-\udfff]")
_ESCAPED: Final = re.compile(rb"\\u[dD][89a-fA-F]")


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
    """What cannot be read as a message. It is answered; without an id where none can be read."""

    id: Id | None
    code: ErrorCodes
    reason: str


Message: TypeAlias = RpcRequest | RpcNotification | RpcResponse | Invalid


def read_message(body: bytes) -> Message:
    """Read a message. Half surrogate pairs in its texts become U+FFFD, which is as long."""
    try:
        data = _DECODER.decode(body.decode("utf-8"))
    except RecursionError:
        return Invalid(None, ErrorCodes.ParseError, "the message is nested too deeply")
    except ValueError:
        return Invalid(None, ErrorCodes.ParseError, "the message is not JSON in UTF-8")
    if isinstance(data, list):
        return Invalid(None, ErrorCodes.InvalidRequest, "LSP has no batches of messages")
    if not isinstance(data, dict):
        return Invalid(None, ErrorCodes.InvalidRequest, "the message is not a JSON object")
    return _classified(_whole(data) if _ESCAPED.search(body) else data)


def _classified(data: dict[str, Any]) -> Message:
    known = data.get("id")
    known = known if _is_id(known) else None
    method = data.get("method")
    if reason := _fault(data, known):
        return Invalid(known, ErrorCodes.InvalidRequest, reason)
    if not isinstance(method, str):
        return RpcResponse(known, data)
    return RpcNotification(method, data) if known is None else RpcRequest(known, method, data)


def _fault(data: dict[str, Any], known: Id | None) -> str:
    """What is wrong with a message; empty where nothing is."""
    if data.get("jsonrpc") != "2.0":
        return 'the message has no "jsonrpc": "2.0"'
    if "method" not in data:
        answers = "result" in data or "error" in data
        return "" if answers else "the message has no method"
    if not isinstance(data["method"], str):
        return "the method is not a text"
    return "the id is no whole number and no text" if "id" in data and known is None else ""


def _is_id(value: Any) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)


def _whole(data: dict[str, Any]) -> dict[str, Any]:
    """Mend the texts of a message, but not its id, which the answer repeats."""
    mended: dict[str, Any] = _mended(data)
    return {**mended, "id": data["id"]} if "id" in data else mended


def _mended(value: Any) -> Any:
    if isinstance(value, str):
        return _LONE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_mended(one) for one in value]
    if isinstance(value, dict):
        return {_mended(key): _mended(one) for key, one in value.items()}
    return value


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
