"""Where the changes of one ``didChange`` are in the text that they led to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeAlias

from attrs import evolve, frozen

Place: TypeAlias = tuple[int, int]
"""Line and column in code points, both from 0."""

_MOST: Final = 64
"""Changes that a person makes with one key, however many cursors; more come from a program."""


@frozen
class TextChange:
    """A replaced range. A change that others follow stands where those have moved it."""

    start: Place
    old_end: Place
    new_end: Place
    """Where the text ends that stands there instead."""
    removes: bool
    """Text went away and none came."""


def followed(changes: Sequence[TextChange], newer: TextChange) -> tuple[TextChange, ...]:
    """Add a change behind those that came before it in the same notification.

    More than a person makes are none: what a formatter did says nothing about the cursor.
    """
    if len(changes) >= _MOST:
        return tuple(changes)
    return (*(evolve(one, new_end=_moved(one.new_end, newer)) for one in changes), newer)


def removes_at(changes: Iterable[TextChange], place: Place) -> bool:
    """Whether text was only taken away at a place: by the change that is nearest in its line."""
    changes = tuple(changes)
    line, column = place
    near = [one for one in changes if one.new_end[0] == line]
    if not near or len(changes) >= _MOST:
        return False
    return min(near, key=lambda one: (abs(one.new_end[1] - column), one.removes)).removes


def _moved(place: Place, change: TextChange) -> Place:
    """Where a place is after a later change."""
    if place <= change.start:
        return place
    if place < change.old_end:
        return change.new_end
    line, column = place
    if line == change.old_end[0]:
        return change.new_end[0], change.new_end[1] + column - change.old_end[1]
    return line + change.new_end[0] - change.old_end[0], column
