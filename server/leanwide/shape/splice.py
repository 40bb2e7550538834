"""Whole lines of a document replaced by others, in the smallest edit that does it."""

from __future__ import annotations

from collections.abc import Sequence

from leanwide.syntax import Edit, Position, Span, difference, slice_text, split


def replacement(
    lines: Sequence[str], span: tuple[int, int], new: Sequence[str], newline: str
) -> Edit | None:
    """Replace lines from ``span[0]`` up to, not including, ``span[1]``; None where all stays.

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
    if change.first == change.last and not change.lines:
        return None
    start = line_start(lines, first + change.first)
    return Edit(start, line_start(lines, first + change.last), "".join(change.lines))


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
