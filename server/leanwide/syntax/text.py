r"""Positions, and lines of text as bytes for the parser.

A text is a sequence of lines with their endings (`\n`, `\r\n` or `\r`). The parser is fed UTF-8
in which a lone `\r` ending reads `\n`, so that its rows are the lines and its bytes are counted
right.
"""

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import attrs

_CONTINUATION: Final = bytes(range(0x80, 0xC0))
_BLOCK: Final = 512
"""Lines or bytes that are compared at once."""
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")


class Position(NamedTuple):
    """A place between two code points; line and column count from 0."""

    line: int
    column: int


class Span(NamedTuple):
    """The text from `start` up to, not including, `end`."""

    start: Position
    end: Position

    def holds(self, other: "Span") -> bool:
        """Whether `other` lies wholly within this span."""
        return self.start <= other.start and other.end <= self.end


@attrs.frozen
class Edit:
    """What stood between `start` and `end` (before the edit) is now `text`."""

    start: Position
    end: Position
    text: str


@attrs.frozen
class Splice:
    """Whole lines `first` up to, not including, `last` become `lines`."""

    first: int
    last: int
    lines: list[str]


def split(text: str) -> list[str]:
    r"""Split at `\n`, `\r\n` and `\r` only, endings kept."""
    return _LINE.findall(text)


def fed(line: str, tail: str = "") -> bytes:
    """Return the bytes that the parser sees for `line` with `tail` before its ending."""
    if tail:
        text = content(line)
        line = text + tail + line[len(text) :]
    if line.endswith("\r"):
        line = line[:-1] + "\n"
    return line.encode("utf-8", "surrogatepass")


def width(line: str) -> int:
    """Return the length of `line` in bytes."""
    return len(line) if line.isascii() else len(fed(line))


def content(line: str) -> str:
    """Return `line` without its ending."""
    return line.rstrip("\r\n")


def indentation(line: str) -> int:
    """Return the width in columns of the white space that `line` starts with (tabs to eighths)."""
    return len(line[: len(line) - len(line.lstrip(" \t"))].expandtabs(8))


def byte_column(line: str, column: int) -> int:
    """Turn a column in code points into one in bytes."""
    return column if line.isascii() else len(fed(line[:column]))


def code_column(line: str, column: int) -> int:
    """Turn a column in bytes into one in code points."""
    if line.isascii():
        return column
    return len(fed(line)[:column].translate(None, _CONTINUATION))


def clamp(lines: Sequence[str], position: tuple[int, int]) -> Position:
    """Return the nearest position that exists in `lines`."""
    line, column = position
    if line < 0:
        return Position(0, 0)
    if line >= len(lines):
        return _end(lines)
    return Position(line, min(max(column, 0), len(content(lines[line]))))


def last_text(lines: Sequence[str], position: Position) -> Position:
    """Return the end of the last text before `position` that is not white space, else the start."""
    line, column = position
    for number in range(min(line, len(lines) - 1), -1, -1):
        text = (lines[number][:column] if number == line else lines[number]).rstrip()
        if text:
            return Position(number, len(text))
    return Position(0, 0)


def slice_text(lines: Sequence[str], span: Span) -> str:
    """Return the text of `span`."""
    start, end = span
    if start.line >= len(lines):
        return ""
    if start.line == end.line:
        return lines[start.line][start.column : end.column]
    last = lines[end.line][: end.column] if end.line < len(lines) else ""
    return "".join((lines[start.line][start.column :], *lines[start.line + 1 : end.line], last))


def splice_of(lines: Sequence[str], edit: Edit) -> Splice:
    """Return the lines that `edit` replaces, and by what."""
    start = clamp(lines, edit.start)
    end = max(start, clamp(lines, edit.end))
    head = lines[start.line][: start.column] if start.line < len(lines) else ""
    tail = lines[end.line][end.column :] if end.line < len(lines) else ""
    first, last = start.line, min(end.line + 1, len(lines))
    piece = head + edit.text + tail
    if first and piece.startswith("\n") and lines[first - 1].endswith("\r"):
        first -= 1
        piece = lines[first] + piece
    return Splice(first, last, split(piece))


def difference(old: Sequence[str], new: Sequence[str]) -> Splice:
    """Return the smallest run of lines that turns `old` into `new`."""
    head, tail = _shared(old, new)
    return Splice(head, len(old) - tail, list(new[head : len(new) - tail]))


def agreement(old: bytes, new: bytes) -> tuple[int, int]:
    """Return how many bytes of whole characters `old` and `new` share at the start and the end."""
    head, tail = _shared(old, new)
    while head and head < len(old) and old[head] & 0xC0 == 0x80:
        head -= 1
    while tail and old[len(old) - tail] & 0xC0 == 0x80:
        tail -= 1
    return head, tail


def _shared(old: Sequence[Any], new: Sequence[Any]) -> tuple[int, int]:
    """Return how many elements two sequences share at the start, and behind those at the end."""
    limit = min(len(old), len(new))
    head = _agreement(limit, lambda a, b: old[a:b] == new[a:b])
    tail = _agreement(
        limit - head,
        lambda a, b: old[len(old) - b : len(old) - a] == new[len(new) - b : len(new) - a],
    )
    return head, tail


def _agreement(limit: int, same: Callable[[int, int], bool]) -> int:
    """Return up to which number, at most `limit`, elements are the same.

    Block by block first: halving from the start would copy a long file's lines a dozen times.
    """
    start = 0
    while start < limit and same(start, min(start + _BLOCK, limit)):
        start = min(start + _BLOCK, limit)
    block = range(1, min(_BLOCK, limit - start) + 1)
    return start + bisect_right(block, False, key=lambda n: not same(start, start + n))


def _end(lines: Sequence[str]) -> Position:
    if not lines:
        return Position(0, 0)
    if lines[-1].endswith(("\n", "\r")):
        return Position(len(lines), 0)
    return Position(len(lines) - 1, len(lines[-1]))
