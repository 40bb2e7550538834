"""What an answer repeats of the lines around it."""

from __future__ import annotations

from collections.abc import Sequence


def overlap(before: Sequence[str], after: Sequence[str]) -> int:
    """Return the number of the last lines of one text that are the first of another, at most."""
    sizes = range(min(len(before), len(after)), 0, -1)
    last, first = list(before), list(after)
    return next((size for size in sizes if last[-size:] == first[:size]), 0)
