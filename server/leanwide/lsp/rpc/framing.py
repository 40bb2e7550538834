"""Frames of the base protocol, cut out of a stream of bytes in which anything may stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from attrs import frozen
from lsprotocol.types import ErrorCodes

MOST_BODY: Final = 64 * 1024 * 1024
"""Bytes of a message: more than any document that an editor sends whole."""
MOST_HEADER: Final = 8 * 1024
"""Bytes of a block of headers."""
_MOST_DIGITS: Final = 18

_BLANK: Final = re.compile(rb"(?:\r?\n)+")
_END: Final = re.compile(rb"\r?\n\r?\n")
_LENGTH: Final = re.compile(rb"content-length[ \t]*:[ \t]*[0-9]{1,18}[ \t]*\r?\n", re.IGNORECASE)
_LONGEST_LENGTH: Final = 64
"""Bytes at a buffer's end in which a length may have begun."""
_CHARSET: Final = re.compile(rb"charset[ \t]*=[ \t]*\"?([^\s;\"]+)", re.IGNORECASE)


@frozen
class BadFrame:
    """What stood where a message should be."""

    code: ErrorCodes
    reason: str


Frame: TypeAlias = bytes | BadFrame


@frozen
class _Head:
    length: int
    refusal: BadFrame | None = None
    """Why the body is skipped."""


class Frames:
    """Takes bytes as they come and gives the messages in them.

    Behind a block of headers that names no usable length it goes on at the next line that does. A
    body cannot hold such a line: JSON has no line ending within a text.
    """

    def __init__(self, most_body: int = MOST_BODY) -> None:
        self._most_body = most_body
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._lost = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take bytes, and give every frame that they end."""
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        if self._lost and not self._found_length():
            return None
        if self._head is None:
            head = self._read_head()
            if not isinstance(head, _Head):
                self._lost = head is not None
                return head
            self._head = head
        head = self._head
        if len(self._buffer) < head.length:
            return None
        body = bytes(self._buffer[: head.length])
        del self._buffer[: head.length]
        self._head = None
        return head.refusal or body

    def _found_length(self) -> bool:
        """Leave out what stands before the next length, keeping what may be the start of one."""
        found = _LENGTH.search(self._buffer)
        if found is None:
            del self._buffer[:-_LONGEST_LENGTH]
            return False
        del self._buffer[: found.start()]
        self._lost = False
        return True

    def _read_head(self) -> _Head | BadFrame | None:
        """Read a block of headers; None until it has ended."""
        if blank := _BLANK.match(self._buffer):
            del self._buffer[: blank.end()]
        end = _END.search(self._buffer, 0, MOST_HEADER)
        if end is None:
            if len(self._buffer) < MOST_HEADER:
                return None
            del self._buffer[:MOST_HEADER]
            return BadFrame(ErrorCodes.ParseError, "the headers of a message never end")
        headers = _headers(bytes(self._buffer[: end.start()]))
        lengths = {value for name, value in headers if name == b"content-length"}
        if not lengths:
            # What is left of a body that was longer than its length: the next length stands in it.
            return BadFrame(ErrorCodes.ParseError, "a message has no Content-Length")
        del self._buffer[: end.end()]
        return self._judged(lengths, headers)

    def _judged(self, lengths: set[bytes], headers: list[tuple[bytes, bytes]]) -> _Head | BadFrame:
        length = min(lengths)
        if len(lengths) > 1 or not length.isdigit():
            reason = "the Content-Length of a message is not one whole number"
            return BadFrame(ErrorCodes.ParseError, reason)
        if len(length) > _MOST_DIGITS or int(length) > self._most_body:
            reason = f"a message is too long: at most {self._most_body} bytes are read"
            return BadFrame(ErrorCodes.InvalidRequest, reason)
        if not all(_is_utf8(value) for name, value in headers if name == b"content-type"):
            refusal = BadFrame(ErrorCodes.ParseError, "the charset of a message is not UTF-8")
            return _Head(int(length), refusal)
        return _Head(int(length))


def _headers(block: bytes) -> list[tuple[bytes, bytes]]:
    """Names in lower case and values; a line without a colon is a name alone."""
    parts = (line.partition(b":") for line in block.splitlines())
    return [(name.strip().lower(), value.strip()) for name, _, value in parts]


def _is_utf8(content_type: bytes) -> bool:
    charset = _CHARSET.search(content_type)
    return charset is None or charset[1].lower().replace(b"-", b"") == b"utf8"
