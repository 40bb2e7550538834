"""Positions of the changes of one ``didChange`` in the text after all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from attrs import evolve, frozen

Place: TypeAlias = tuple[int, int]
"""Line and column in code points, both from 0."""

_MAX_TYPED: Final = 64
"""Changes that one key makes, with many cursors; more come from a program."""


@frozen
class TextChange:
    """A replaced range. Later changes of the same notification move it."""

    start: Place
    old_end: Place
    new_end: Place
    """The end of the new text."""
    removes: bool
    """Text was removed and none inserted."""


def followed(changes: Sequence[TextChange], newer: TextChange) -> tuple[TextChange, ...]:
    """Return the changes of a notification with one more.

    After ``_MAX_TYPED`` no more are added: what a formatter did says nothing about the cursor.
    """
    if len(changes) >= _MAX_TYPED:
        return tuple(changes)
    return (*(evolve(change, new_end=_moved(change.new_end, newer)) for change in changes), newer)


def removes_at(changes: Iterable[TextChange], place: Place) -> bool:
    """Whether the nearest change in the line of a place only removed text."""
    changes = tuple(changes)
    line, column = place
    near = [change for change in changes if change.new_end[0] == line]
    if not near or len(changes) >= _MAX_TYPED:
        return False
    return min(near, key=lambda each: (abs(each.new_end[1] - column), each.removes)).removes


def _moved(place: Place, change: TextChange) -> Place:
    """Return where a place is after a later change."""
    if place <= change.start:
        return place
    return change.new_end if place < change.old_end else shifted(place, change)


def shifted(place: Place, change: TextChange) -> Place:
    """Return where a place behind a change is after it."""
    line, column = place
    if line == change.old_end[0]:
        return change.new_end[0], change.new_end[1] + column - change.old_end[1]
    return line + change.new_end[0] - change.old_end[0], column
