"""What a server's KV cache holds of our prompts, as far as its answers tell. Pure."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Final, Protocol

_UNTOLD: Final = -1
"""The slot of an answer that was broken off, at a server that names it at the end only."""
_PROMPTS: Final = 16
"""Prompts that are remembered."""


class CacheContents(Protocol):
    """What a server holds of our prompts, as far as is known."""

    def record(self, slot: int | None, tokens: Sequence[int]) -> None:
        """Note what is held since the last request, and in which slot where that is known."""

    def unread(self, tokens: Sequence[int]) -> int:
        """Return how many tokens of a prompt are not held."""


class SlotContents:
    """The tokens that each slot evaluated last for us.

    Others may use the server, and it may keep more than one prompt a slot, so that this is an
    estimate: of what the next prompt costs, not of what the answer is.
    """

    def __init__(self) -> None:
        self._slots: dict[int, list[int]] = {}

    def record(self, slot: int | None, tokens: Sequence[int]) -> None:
        """Replace what a slot holds."""
        if slot is None and not tokens:
            return
        self._slots[_UNTOLD if slot is None else slot] = list(tokens)

    def unread(self, tokens: Sequence[int]) -> int:
        """Return how many tokens of a prompt no slot holds."""
        return len(tokens) - _longest(self._slots.values(), tokens)


class PrefixCacheContents:
    """The prompts that were read last by a server whose cache knows no slots.

    An estimate as well: the server drops what was not used for longest, by all of its users.
    """

    def __init__(self) -> None:
        self._prompts: deque[list[int]] = deque(maxlen=_PROMPTS)

    def record(self, _: int | None, tokens: Sequence[int]) -> None:
        """Note a prompt; one that is its beginning is forgotten."""
        if not tokens:
            return
        for held in self._prompts:
            if len(held) <= len(tokens) and _common(held, tokens) == len(held):
                self._prompts.remove(held)
                break
        self._prompts.append(list(tokens))

    def unread(self, tokens: Sequence[int]) -> int:
        """Return how many tokens of a prompt begin no other one."""
        return len(tokens) - _longest(self._prompts, tokens)


def _longest(held: Iterable[Sequence[int]], tokens: Sequence[int]) -> int:
    """Return the length of the longest prefix that tokens have in common with others."""
    return max((_common(each, tokens) for each in held), default=0)


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
