r"""Positions, and lines of text as bytes for the parser.

A text is a sequence of lines with their endings (``\n``, ``\r\n`` or ``\r``). The parser sees UTF-8
in which a lone ``\r`` ending reads ``\n``, so that its rows are the lines and the number of bytes
stays the same.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from attrs import frozen

_CONTINUATION: Final = bytes(range(0x80, 0xC0))
_BLOCK: Final = 512
"""Lines or bytes compared at once."""
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class Position(NamedTuple):
    """A position between two code points; line and column count from 0."""

    line: int
    column: int


class Span(NamedTuple):
    """The text from ``start`` up to, not including, ``end``."""

    start: Position
    end: Position

    def holds(self, other: Span) -> bool:
        """Whether ``other`` lies wholly within this span."""
        return self.start <= other.start and other.end <= self.end


@frozen
class Edit:
    """``text`` replaces the text from ``start`` to ``end``, positions before the edit."""

    start: Position
    end: Position
    text: str


@frozen
class Splice:
    """Whole lines ``first`` up to, not including, ``last`` become ``lines``."""

    first: int
    last: int
    lines: list[str]


def split(text: str) -> list[str]:
    r"""Split at ``\n``, ``\r\n`` and ``\r`` only, endings kept."""
    return _LINE.findall(text)


def parser_bytes(line: str, tail: str = "") -> bytes:
    """Return the bytes that the parser sees for ``line`` with ``tail`` before its ending."""
    if tail:
        text = content(line)
        line = text + tail + line[len(text) :]
    if line.endswith("\r"):
        line = line[:-1] + "\n"
    return line.encode("utf-8", "surrogatepass")


def width(line: str) -> int:
    """Return the number of bytes that the parser sees for ``line``."""
    return len(line) if line.isascii() else len(parser_bytes(line))


def content(line: str) -> str:
    """Return ``line`` without its ending."""
    return line.rstrip("\r\n")


def indentation(line: str) -> int:
    """Return the columns of white space that ``line`` starts with; tab stops are every 8."""
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(8))


def byte_column(line: str, column: int) -> int:
    """Return a column given in code points as one in bytes."""
    return column if line.isascii() else len(parser_bytes(line[:column]))


def code_column(line: str, column: int) -> int:
    """Return a column given in bytes as one in code points."""
    if line.isascii():
        return column
    return len(parser_bytes(line)[:column].translate(None, _CONTINUATION))


def clamp(lines: Sequence[str], position: tuple[int, int]) -> Position:
    """Return the nearest position that exists in ``lines``."""
    line, column = position
    if line < 0:
        return Position(0, 0)
    if line < len(lines):
        return Position(line, min(max(column, 0), len(content(lines[line]))))
    if not lines or lines[-1].endswith(("\n", "\r")):
        return Position(len(lines), 0)
    return Position(len(lines) - 1, len(lines[-1]))


def last_text(lines: Sequence[str], position: Position) -> Position:
    """Return the end of the last text before ``position`` that is not white space.

    The start of the text where there is none.
    """
    line, column = position
    for number in range(min(line, len(lines) - 1), -1, -1):
        text = (lines[number][:column] if number == line else lines[number]).rstrip()
        if text:
            return Position(number, len(text))
    return Position(0, 0)


def slice_text(lines: Sequence[str], span: Span) -> str:
    """Return the text of ``span``."""
    start, end = span
    if start.line >= len(lines):
        return ""
    if start.line == end.line:
        return lines[start.line][start.column : end.column]
    last = lines[end.line][: end.column] if end.line < len(lines) else ""
    return "".join((lines[start.line][start.column :], *lines[start.line + 1 : end.line], last))


def difference(old: Sequence[str], new: Sequence[str]) -> Splice:
    """Return the smallest run of lines that turns ``old`` into ``new``."""
    head, tail = _shared(old, new)
    return Splice(head, len(old) - tail, list(new[head : len(new) - tail]))


def agreement(old: bytes, new: bytes) -> tuple[int, int]:
    """Return how many bytes ``old`` and ``new`` share at the start and at the end.

    Whole characters only.
    """
    head, tail = _shared(old, new)
    while head and head < len(old) and old[head] & 0xC0 == 0x80:
        head -= 1
    while tail and old[len(old) - tail] & 0xC0 == 0x80:
        tail -= 1
    return head, tail


def _shared(old: Sequence[Any], new: Sequence[Any]) -> tuple[int, int]:
    """Return how many elements two sequences share at the start, and of the rest at the end."""
    limit = min(len(old), len(new))
    head = _equal_count(limit, lambda a, b: old[a:b] == new[a:b])
    tail = _equal_count(
        limit - head,
        lambda a, b: old[len(old) - b : len(old) - a] == new[len(new) - b : len(new) - a],
    )
    return head, tail


def _equal_count(limit: int, same: Callable[[int, int], bool]) -> int:
    """Return the number of leading elements, at most ``limit``, that are the same.

    Goes block by block first: bisecting from the start would copy a long file's lines a dozen
    times.
    """
    start = 0
    while start < limit and same(start, min(start + _BLOCK, limit)):
        start = min(start + _BLOCK, limit)
    block = range(1, min(_BLOCK, limit - start) + 1)
    return start + bisect_right(block, False, key=lambda n: not same(start, start + n))
