"""What an answer repeats of the text around it.

The engine's process looks for the same in a stream, for the beginning of a mark or of a stop text,
with code of its own: it lies below this package, and several texts may begin at once there.
"""

from __future__ import annotations

from collections.abc import Sequence


def overlap(before: Sequence[str], after: Sequence[str]) -> int:
    """Return how many of the last lines of one text, at most, are the first of another.

    Of two strings they are characters.
    """
    sizes = range(min(len(before), len(after)), 0, -1)
    last, first = list(before), list(after)
    return next((size for size in sizes if last[-size:] == first[:size]), 0)
