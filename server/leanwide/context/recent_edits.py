"""The places that were edited last: the user often repeats here what they just did elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from leanwide.context.snippet import MAX_LINES, lines_around

_MAX_PLACES: Final = 16
"""Places that are remembered."""


@frozen
class EditedPlace:
    """The place of an edit, and its text afterwards."""

    path: str
    """Relative to the workspace root, POSIX."""
    line: int
    """Counts from 0."""
    text: str
    """The lines around it, with LF endings."""


def remember_edit(
    places: tuple[EditedPlace, ...], path: str, line: int, lines: Sequence[str]
) -> tuple[EditedPlace, ...]:
    """Return the places with the newest edit in front; it replaces those that it overlaps.

    Args:
        places: The remembered places, newest first.
        path: The edited file, relative to the workspace root, POSIX.
        line: The edited line, counting from 0.
        lines: The file after the edit.
    """
    newest = EditedPlace(path, line, lines_around(lines, line))
    others = (
        place for place in places if place.path != path or abs(place.line - line) >= MAX_LINES
    )
    return (newest, *others)[:_MAX_PLACES]
