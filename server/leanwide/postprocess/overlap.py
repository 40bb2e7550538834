"""What an answer repeats of the text around it.

The engine's process looks for the same in a stream, for the beginning of a mark or of a stop text,
with code of its own: it lies below this package, and several texts may begin at once there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence


def overlap(before: Sequence[object], after: Sequence[object]) -> int:
    """Return how many of the last lines of one text, at most, are the first of another.

    Of two strings they are characters.
    """
    sizes = range(min(len(before), len(after)), 0, -1)
    last, first = list(before), list(after)
    return next((size for size in sizes if last[-size:] == first[:size]), 0)


def repeated_lines(
    above: Sequence[Hashable], own: Sequence[Hashable], answer: Sequence[Hashable]
) -> int:
    """Return how many of an answer's first lines repeat what stands above the passage.

    None where the passage has each of them as often itself: then they are its own.

    Args:
        above: The lines above the passage.
        own: The lines of the passage.
        answer: The lines of the answer.
    """
    size = overlap(above, answer)
    said, had = Counter(answer), Counter(own)
    return size if any(said[line] > had[line] for line in answer[:size]) else 0


def settled_repeated_lines(
    above: Sequence[Hashable], own: Sequence[Hashable], answer: Sequence[Hashable]
) -> int | None:
    """Return :func:`repeated_lines` of an answer; None if lines that follow may change that."""
    lines, said, had = list(answer), Counter(answer), Counter(own)
    longer = (
        list(above[at : at + len(lines)]) == lines
        for at in range(len(above) - len(lines))
        if above[at : at + 1] == answer[:1]
    )
    if not lines or any(longer):
        return None
    size = overlap(above, answer)
    if size and all(said[line] <= had[line] for line in answer[:size]):
        return None
    return size
