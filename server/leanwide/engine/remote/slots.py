"""What a server's slots hold of our prompts, as far as its answers tell. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

UNTOLD: Final = -1
"""The slot of an answer that was broken off, at a server that names it at the end only."""


class SlotContents:
    """The tokens that each slot evaluated last for us.

    Others may use the server, and it may keep more than one prompt a slot, so that this is an
    estimate: of what the next prompt costs, not of what the answer is.
    """

    def __init__(self) -> None:
        self._slots: dict[int, list[int]] = {}

    def record(self, slot: int, tokens: Sequence[int]) -> None:
        """Replace what a slot holds."""
        self._slots[slot] = list(tokens)

    def unread(self, tokens: Sequence[int]) -> int:
        """Return how many tokens of a prompt no slot holds."""
        return len(tokens) - max(
            (_common(held, tokens) for held in self._slots.values()), default=0
        )


def _common(left: Sequence[int], right: Sequence[int]) -> int:
    """Return the length of the longest common prefix, found by halving."""
    low, high = 0, min(len(left), len(right))
    while low < high:
        middle = (low + high + 1) // 2
        if left[low:middle] == right[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
