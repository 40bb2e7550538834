"""Parts of a document that follow its changes. Pure.

An extent takes in what is inserted at its edges, and all that replaces a part of it: it may become
too large, but never loses anything that stood in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import takewhile

from attrs import define

from leanwide.lsp.changes import Place, TextChange, shifted


@define(eq=False)  # known by identity
class Extent:
    """A part of a document. Its ends are moved with every change."""

    start: Place
    end: Place


def extended(start: Place, end: Place, change: TextChange) -> tuple[Place, Place]:
    """Return the ends of an extent after a change."""
    return _moved(start, change, change.start), _moved(end, change, change.new_end)


def _moved(place: Place, change: TextChange, inside: Place) -> Place:
    """Return where a place is after a change; ``inside`` where the change touches it."""
    if place < change.start:
        return place
    return inside if place <= change.old_end else shifted(place, change)


def line_change(first: int, before: Sequence[str], after: Sequence[str]) -> TextChange | None:
    """Return a replacement of whole lines without the lines that are the same at both ends.

    Args:
        first: The number of the first line.
        before: The lines that are replaced.
        after: The lines that replace them.

    Returns:
        The change; None where all lines are the same.
    """
    if before == after:
        return None
    head = _same(zip(before, after, strict=False))
    tail = _same(zip(reversed(before[head:]), reversed(after[head:]), strict=False))
    old_end, new_end = len(before) - tail, len(after) - tail
    start = (first + head, 0)
    return TextChange(start, (first + old_end, 0), (first + new_end, 0), head == new_end)


def _same(pairs: Iterable[tuple[str, str]]) -> int:
    """Return the number of pairs of equal lines at the beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
