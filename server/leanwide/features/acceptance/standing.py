"""Whether an accepted text still stands in its place. Pure."""

from __future__ import annotations

from typing import Final

MOST_CHANGED: Final = 1 / 3
"""Share of a text's characters that may be inserted, deleted or replaced while it still stands."""
_MAX_CHARACTERS: Final = 4_000
"""Characters of an accepted text that are compared: no suggestion is as long."""
_MAX_PLACE: Final = 50_000
"""Characters of its place that are compared: the time grows with their number."""


def still_stands(accepted: str, place: str) -> bool:
    """Whether some part of a place is, but for a third of it, the text that was accepted there.

    White space does not count, as formatters change it.
    """
    pattern, text = "".join(accepted.split()), "".join(place.split())
    if pattern in text:
        return True
    pattern = pattern[:_MAX_CHARACTERS]
    return distance_in(pattern, text[:_MAX_PLACE]) <= MOST_CHANGED * len(pattern)


def distance_in(pattern: str, text: str) -> int:
    """Return the smallest Levenshtein distance between a pattern and any part of a text.

    Myers' bit-vector algorithm: a column of the matrix is two integers of as many bits as the
    pattern has characters, in which a bit says that the distance grows or falls by one.
    """
    if not pattern:
        return 0
    places: dict[str, int] = {}
    for number, letter in enumerate(pattern):
        places[letter] = places.get(letter, 0) | 1 << number
    every, last = (1 << len(pattern)) - 1, 1 << (len(pattern) - 1)
    grows, falls = every, 0
    distance = least = len(pattern)
    for letter in text:
        same = places.get(letter, 0)
        across = (((same & grows) + grows) ^ grows) | same
        grows_across = falls | ~(across | grows) & every
        falls_across = grows & across
        distance += bool(grows_across & last) - bool(falls_across & last)
        least = min(least, distance)
        down = same | falls
        grows = (falls_across << 1 | ~(down | grows_across << 1)) & every
        falls = grows_across << 1 & down & every
    return least
