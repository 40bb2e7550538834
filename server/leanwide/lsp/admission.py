"""Authentication: the first message of a connection must carry the token.

Until then the peer is unknown: a browser on behalf of a web page, a port scanner, another user of
the machine. Nothing is created or started for it, and little is read.
"""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any, Final

from lsprotocol import types

from leanwide.access_token import AccessToken
from leanwide.lsp.rpc.messages import is_id

_PREFIX: Final = b"content-"
"""Prefix of every LSP message, in any case, and of no HTTP request and no TLS handshake."""
_HEADERS: Final = (b"content-length", b"content-type")
_LENGTH: Final = re.compile(rb"[0-9]{1,7}")
_MAX_HEADER_BYTES: Final = 1024
_MAX_BODY_BYTES: Final = 1 << 20
"""Of the first message; editors send a few kilobytes."""

_INVALID_REQUEST: Final = types.ErrorCodes.InvalidRequest.value
_MISSING: Final = (
    "initializationOptions.token is missing; the token is in the file that the server names when "
    "it starts"
)
_WRONG: Final = (
    "initializationOptions.token is not the token of this server; it is in the file that the "
    "server names when it starts"
)


class AdmissionRefused(Exception):  # noqa: N818  # what happened to the connection
    """The connection is not served.

    Args:
        answer: The error to answer; None where the peer does not speak LSP.
    """

    def __init__(self, answer: dict[str, Any] | None = None) -> None:
        super().__init__()
        self.answer = answer


async def first_message(reader: asyncio.StreamReader, token: AccessToken) -> dict[str, Any]:
    """Read an ``initialize`` request with the token, and return it without the token.

    Raises:
        AdmissionRefused: The message is another one, or lacks the token.
        asyncio.IncompleteReadError: The connection ended.
    """
    body = await reader.readexactly(await _length(reader))
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        raise AdmissionRefused from None
    if not isinstance(message, dict):
        raise AdmissionRefused
    return admitted(message, token)


def admitted(message: dict[str, Any], token: AccessToken) -> dict[str, Any]:
    """Return an ``initialize`` request without its token.

    The client's process is removed too: it may run on another machine, and its end closes the
    connection.

    Raises:
        AdmissionRefused: It is another message, or the token is missing or wrong.
    """
    if message.get("jsonrpc") != "2.0" or not is_id(message.get("id")):
        raise AdmissionRefused
    params = message.get("params") if message.get("method") == types.INITIALIZE else None
    options = params.get("initializationOptions") if isinstance(params, dict) else None
    given = options.get("token") if isinstance(options, dict) else None
    if not isinstance(params, dict) or not isinstance(options, dict) or not isinstance(given, str):
        raise refusal(message, _INVALID_REQUEST, _MISSING)
    if not token.matches(given):
        raise refusal(message, _INVALID_REQUEST, _WRONG)
    others = {key: value for key, value in options.items() if key != "token"}
    return {
        **message,
        "params": {**params, "initializationOptions": others, "processId": None},
    }


def refusal(request: dict[str, Any], code: int, sentence: str) -> AdmissionRefused:
    """Return an exception with an error for a request."""
    error = {"code": code, "message": sentence}
    return AdmissionRefused({"jsonrpc": "2.0", "id": request["id"], "error": error})


def frame(message: dict[str, Any]) -> bytes:
    """Return a message with its header, as it is sent."""
    body = json.dumps(message).encode()
    return b"Content-Length: %d\r\n\r\n%s" % (len(body), body)


async def _length(reader: asyncio.StreamReader) -> int:
    """Read the headers and return the content length, in bytes.

    The first bytes are checked before a whole line is read: TLS sends no lines.

    Raises:
        AdmissionRefused: They are no headers of LSP.
    """
    start = await reader.readexactly(len(_PREFIX))
    if start.lower() != _PREFIX:
        raise AdmissionRefused
    line = start + await _line(reader)
    length, read = b"", len(line)
    while line.strip():
        name, colon, value = line.partition(b":")
        if not colon or name.strip().lower() not in _HEADERS or read > _MAX_HEADER_BYTES:
            raise AdmissionRefused
        if name.strip().lower() == b"content-length":
            length = value.strip()
        line = await _line(reader)
        read += len(line)
    if not _LENGTH.fullmatch(length) or not 0 < int(length) <= _MAX_BODY_BYTES:
        raise AdmissionRefused
    return int(length)


async def _line(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError:
        raise AdmissionRefused from None
