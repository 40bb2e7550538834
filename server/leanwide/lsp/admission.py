"""Who may speak: the first message of a connection, read with care, must bring the token.

Until then a connection is a stranger's: a browser that a web page sends here, a port scanner,
another user of the machine. Nothing is made or started for it, and little is read.
"""

from __future__ import annotations

import asyncio
import hmac
import json
import re
from typing import Any, Final

from attrs import frozen
from lsprotocol import types

_START: Final = b"content-"
"""How every message of LSP begins, whatever the case; no request of HTTP and no TLS does."""
_HEADERS: Final = (b"content-length", b"content-type")
_LENGTH: Final = re.compile(rb"[0-9]{1,7}")
_MOST_HEADER_BYTES: Final = 1024
_MOST_BYTES: Final = 1 << 20
"""Longest first message; editors send a few kilobytes."""

_INVALID: Final = types.ErrorCodes.InvalidRequest.value
_MISSING: Final = (
    "leanwide wants its token in initializationOptions.token; it is in the file that the server "
    "names when it starts"
)
_WRONG: Final = (
    "initializationOptions.token is not the token of this server; it is in the file that the "
    "server names when it starts"
)


class AdmissionRefused(Exception):  # noqa: N818  # what happened to the connection
    """The connection is not to be served.

    Args:
        answer: A message for whoever speaks LSP; None where nobody would understand it.
    """

    def __init__(self, answer: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.answer = answer


@frozen
class AccessToken:
    """What a client has to know."""

    text: str

    def is_that_of(self, given: str) -> bool:
        """Whether a client knows it; takes the same time wherever a wrong one differs."""
        return hmac.compare_digest(_bytes(self.text), _bytes(given))

    def __repr__(self) -> str:
        """Keep it out of logs."""
        return "Token(…)"


async def first_message(reader: asyncio.StreamReader, token: AccessToken) -> dict[str, Any]:
    """Read an ``initialize`` request that brings the token, and return it without.

    Raises:
        Refused: It is something else.
        asyncio.IncompleteReadError: The connection ended.
    """
    return admitted(_parsed(await reader.readexactly(await _length(reader))), token)


def admitted(message: dict[str, Any], token: AccessToken) -> dict[str, Any]:
    """Return an ``initialize`` request without the token that it brought.

    The process of the client is left out too: it may run on another machine, and the connection
    tells when it is gone.

    Raises:
        Refused: It is another message, or the token is missing or wrong.
    """
    if message.get("jsonrpc") != "2.0" or not _has_id(message):
        raise AdmissionRefused
    params = message.get("params") if message.get("method") == types.INITIALIZE else None
    options = params.get("initializationOptions") if isinstance(params, dict) else None
    given = options.get("token") if isinstance(options, dict) else None
    if not isinstance(params, dict) or not isinstance(options, dict) or not isinstance(given, str):
        raise refusal(message, _INVALID, _MISSING)
    if not token.is_that_of(given):
        raise refusal(message, _INVALID, _WRONG)
    others = {key: value for key, value in options.items() if key != "token"}
    return {
        **message,
        "params": {**params, "initializationOptions": others, "processId": None},
    }


def refusal(request: dict[str, Any], code: int, sentence: str) -> AdmissionRefused:
    """Return the refusal of a request, with an error as its answer."""
    error = {"code": code, "message": sentence}
    return AdmissionRefused({"jsonrpc": "2.0", "id": request["id"], "error": error})


def frame(message: dict[str, Any]) -> bytes:
    """Return a message as it goes over the connection."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


async def _length(reader: asyncio.StreamReader) -> int:
    """Read the headers and return the length that they announce.

    The first bytes are judged as soon as they are there: TLS sends no line.
    """
    start = await reader.readexactly(len(_START))
    if start.lower() != _START:
        raise AdmissionRefused
    line = start + await _line(reader)
    length, read = b"", len(line)
    while line.strip():
        name, colon, value = line.partition(b":")
        if not colon or name.strip().lower() not in _HEADERS or read > _MOST_HEADER_BYTES:
            raise AdmissionRefused
        if name.strip().lower() == b"content-length":
            length = value.strip()
        line = await _line(reader)
        read += len(line)
    if not _LENGTH.fullmatch(length) or not 0 < int(length) <= _MOST_BYTES:
        raise AdmissionRefused
    return int(length)


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise AdmissionRefused from None


def _parsed(body: bytes) -> dict[str, Any]:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise AdmissionRefused from None
    if not isinstance(message, dict):
        raise AdmissionRefused
    return message


def _has_id(message: dict[str, Any]) -> bool:
    number = message.get("id")
    return isinstance(number, int | str) and not isinstance(number, bool)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")
