"""Replace lines of a document by edits of the lines that differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from leanwide.postprocess.alignment import Difference, settled_differences
from leanwide.syntax import Edit, Position, Span, difference, slice_text, split


def replacements(
    lines: Sequence[str], span: tuple[int, int], new: Sequence[str], newline: str
) -> tuple[Edit, ...]:
    """Return the edits that replace lines ``span[0]`` to ``span[1]``, exclusive.

    Each edit is a run of lines that differs, so that the user can accept one and reject another;
    they are in the order of the text, with unchanged lines between them.

    Args:
        lines: The document's lines, with their endings.
        span: The lines to replace: at least one.
        new: The new lines, without endings.
        newline: What ends a line; the last new line ends as the last replaced one.
    """
    first, last = span
    old = list(lines[first:last])
    ending = old[-1][len(old[-1].rstrip("\r\n")) :]
    fresh = [f"{line}{newline}" for line in new[:-1]] + [f"{line}{ending}" for line in new[-1:]]
    differences, (row, new_row) = settled_differences(old, fresh[:-1])
    rest = Difference(row, len(old), new_row, len(fresh))
    return tuple(_edits(lines, first, fresh, (*differences, rest)))


def settled_replacements(
    lines: Sequence[str], span: tuple[int, int], new: Sequence[str], newline: str
) -> tuple[Edit, ...]:
    """Return the edits of :func:`replacements` that stay the same, whatever lines follow ``new``.

    The last new line is left out: if none follows, it ends as the last replaced one.
    """
    first, last = span
    fresh = [f"{line}{newline}" for line in new[:-1]]
    differences, _ = settled_differences(lines[first:last], fresh)
    return tuple(_edits(lines, first, fresh, differences))


def _edits(
    lines: Sequence[str], first: int, new: Sequence[str], differences: Iterable[Difference]
) -> Iterator[Edit]:
    """Yield the edits for differences between the lines from ``first`` on and new ones."""
    for start, end, new_start, new_end in differences:
        old = lines[first + start : first + end]
        change = difference(old, new[new_start:new_end])
        shift = first + start + change.first
        for above, below, text in _runs(old[change.first : change.last], change.lines):
            start_of_run, end_of_run = (
                line_start(lines, shift + above),
                line_start(lines, shift + below),
            )
            yield Edit(start_of_run, end_of_run, "".join(text))


def _runs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, Sequence[str]]]:
    """Yield the runs that differ, with their new lines; blank lines alone do not separate runs."""
    *blocks, end = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    same = [block for block in blocks if any(map(str.strip, old[block.a : block.a + block.size]))]
    row, new_row = 0, 0
    for start, new_start, size in (*same, end):
        if (row, new_row) != (start, new_start):
            yield row, start, new[new_row:new_start]
        row, new_row = start + size, new_start + size


def line_start(lines: Sequence[str], line: int) -> Position:
    """Return where a line starts; the document's end for the line after the last one."""
    if line < len(lines) or not lines or lines[-1].endswith(("\r", "\n")):
        return Position(line, 0)
    return Position(len(lines) - 1, len(lines[-1]))


def applied(lines: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    """Return the lines after edits, which are in the order of the text and do not touch."""
    text, at = "", Position(0, 0)
    for edit in edits:
        text += slice_text(lines, Span(at, edit.start)) + edit.text
        at = edit.end
    return split(text + slice_text(lines, Span(at, Position(len(lines), 0))))
