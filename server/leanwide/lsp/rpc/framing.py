"""Reads the frames of LSP's base protocol from a stream that may also contain anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from attrs import frozen
from lsprotocol.types import ErrorCodes

_MAX_BODY_BYTES: Final = 64 * 1024 * 1024
"""Of a message: more than any document that an editor sends as a whole."""
MAX_HEADER_BYTES: Final = 8 * 1024
"""Of the headers of a message."""
_MAX_LENGTH_DIGITS: Final = 18

_BLANK: Final = re.compile(rb"(?:\r?\n)+")
_END: Final = re.compile(rb"\r?\n\r?\n")
_LENGTH: Final = re.compile(rb"content-length[ \t]*:[ \t]*[0-9]{1,18}[ \t]*\r?\n", re.IGNORECASE)
_MAX_LENGTH_LINE: Final = 64
"""Bytes at the end of a buffer in which a ``Content-Length`` line may have begun."""
_CHARSET: Final = re.compile(rb"charset[ \t]*=[ \t]*\"?([^\s;\"]+)", re.IGNORECASE)


@frozen
class BadFrame:
    """What is wrong with bytes that are no frame, as a JSON-RPC error."""

    code: ErrorCodes
    reason: str


Frame: TypeAlias = bytes | BadFrame


@frozen
class _Head:
    length: int
    refusal: BadFrame | None = None
    """The error in place of the body, which is skipped."""


class Frames:
    """Takes bytes as they arrive and yields the frames in them.

    After headers without a usable length it continues at the next line that has one. A body cannot
    contain such a line: JSON has no line breaks within a string.
    """

    def __init__(self, most_body: int = _MAX_BODY_BYTES) -> None:
        self._most_body = most_body
        self._buffer = bytearray()
        self._head: _Head | None = None
        self._searching = False

    def feed(self, data: bytes) -> Iterator[Frame]:
        """Take bytes, and yield every frame that they complete."""
        self._buffer += data
        while (frame := self._next()) is not None:
            yield frame

    def _next(self) -> Frame | None:
        if self._searching and not self._find_length():
            return None
        if self._head is None:
            head = self._read_head()
            if not isinstance(head, _Head):
                self._searching = head is not None
                return head
            self._head = head
        head = self._head
        if len(self._buffer) < head.length:
            return None
        body = bytes(self._buffer[: head.length])
        del self._buffer[: head.length]
        self._head = None
        return head.refusal or body

    def _find_length(self) -> bool:
        """Drop the bytes before the next length line; whether there is one."""
        found = _LENGTH.search(self._buffer)
        if found is None:
            del self._buffer[:-_MAX_LENGTH_LINE]
            return False
        del self._buffer[: found.start()]
        self._searching = False
        return True

    def _read_head(self) -> _Head | BadFrame | None:
        """Read the headers of a message; None until they are complete."""
        if blank := _BLANK.match(self._buffer):
            del self._buffer[: blank.end()]
        end = _END.search(self._buffer, 0, MAX_HEADER_BYTES)
        if end is None:
            if len(self._buffer) < MAX_HEADER_BYTES:
                return None
            del self._buffer[:MAX_HEADER_BYTES]
            return BadFrame(ErrorCodes.ParseError, "the headers of a message never end")
        lines = bytes(self._buffer[: end.start()]).splitlines()
        # A line without a colon is a name without a value.
        parts = (line.partition(b":") for line in lines)
        headers = [(name.strip().lower(), value.strip()) for name, _, value in parts]
        lengths = {value for name, value in headers if name == b"content-length"}
        if not lengths:
            # The rest of a body that was longer than its length: the next length is in it.
            return BadFrame(ErrorCodes.ParseError, "a message has no Content-Length")
        del self._buffer[: end.end()]
        return self._head_of(lengths, headers)

    def _head_of(self, lengths: set[bytes], headers: list[tuple[bytes, bytes]]) -> _Head | BadFrame:
        length = min(lengths)
        if len(lengths) > 1 or not length.isdigit():
            reason = "the Content-Length of a message is not one whole number"
            return BadFrame(ErrorCodes.ParseError, reason)
        if len(length) > _MAX_LENGTH_DIGITS or int(length) > self._most_body:
            reason = f"a message is too long: at most {self._most_body} bytes are read"
            return BadFrame(ErrorCodes.InvalidRequest, reason)
        if not all(_is_utf8(value) for name, value in headers if name == b"content-type"):
            refusal = BadFrame(ErrorCodes.ParseError, "the charset of a message is not UTF-8")
            return _Head(int(length), refusal)
        return _Head(int(length))


def _is_utf8(content_type: bytes) -> bool:
    charset = _CHARSET.search(content_type)
    return charset is None or charset[1].lower().replace(b"-", b"") == b"utf8"
