"""The places that were edited last: what a user just did elsewhere is often done again here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from leanwide.context.snippet import MAX_LINES, around

_KEPT: Final = 16
"""Places that are remembered."""


@frozen
class EditedPlace:
    """Where something was edited, and how it read afterwards."""

    path: str
    """Relative to the workspace root, POSIX."""
    line: int
    """Counts from 0."""
    text: str
    """The lines around, with LF endings."""


def remember_edit(
    places: tuple[EditedPlace, ...], path: str, line: int, lines: Sequence[str]
) -> tuple[EditedPlace, ...]:
    """Put the newest edit in front; it takes the place of those that it overlaps.

    Args:
        places: What is remembered, newest first.
        path: The edited file, relative to the workspace root, POSIX.
        line: The edited line, counting from 0.
        lines: The file as it reads now.
    """
    newest = EditedPlace(path, line, around(lines, line))
    others = (
        place for place in places if place.path != path or abs(place.line - line) >= MAX_LINES
    )
    return (newest, *others)[:_KEPT]
