"""Whole lines of a document replaced by others, in edits of the lines that differ."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from leanwide.syntax import Edit, Position, Span, difference, slice_text, split


def replacements(
    lines: Sequence[str], span: tuple[int, int], new: Sequence[str], newline: str
) -> tuple[Edit, ...]:
    """Replace lines from ``span[0]`` up to, not including, ``span[1]``; none where all stays.

    Each edit is a run of lines that differs, so that somebody can take one and leave another;
    they are in the order of the text, and lines that stay stand between them.

    Args:
        lines: The document's, with their endings.
        span: Which ones are replaced: one at least.
        new: What comes in their place, without endings.
        newline: What ends a line. The last one ends as the last replaced one does.
    """
    first, last = span
    old = list(lines[first:last])
    ending = old[-1][len(old[-1].rstrip("\r\n")) :]
    fresh = [f"{line}{newline}" for line in new[:-1]] + [f"{line}{ending}" for line in new[-1:]]
    change = difference(old, fresh)
    shift = first + change.first
    return tuple(
        Edit(line_start(lines, shift + start), line_start(lines, shift + end), "".join(text))
        for start, end, text in _runs(old[change.first : change.last], change.lines)
    )


def _runs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, Sequence[str]]]:
    """The runs that differ, with what comes in their place; blank lines alone do not part two."""
    *blocks, end = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    parting = [one for one in blocks if any(map(str.strip, old[one.a : one.a + one.size]))]
    row, new_row = 0, 0
    for start, new_start, size in (*parting, end):
        if (row, new_row) != (start, new_start):
            yield row, start, new[new_row:new_start]
        row, new_row = start + size, new_start + size


def line_start(lines: Sequence[str], line: int) -> Position:
    """Where a line starts, or the document's end behind its last line."""
    if line < len(lines) or not lines or lines[-1].endswith(("\r", "\n")):
        return Position(line, 0)
    return Position(len(lines) - 1, len(lines[-1]))


def applied(lines: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    """The lines after edits, which are in the order of the text and do not touch each other."""
    text, at = "", Position(0, 0)
    for edit in edits:
        text += slice_text(lines, Span(at, edit.start)) + edit.text
        at = edit.end
    return split(text + slice_text(lines, Span(at, Position(len(lines), 0))))
