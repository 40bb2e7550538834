"""How many tokens the next slice of a prompt has: few while somebody types, more in peace.

A long slice uses what it reads from memory for more tokens, so a prompt is read sooner. But what a
slice has computed is lost when it is broken off. So a slice is no longer than all that was read
since the last one was broken off: beside short slices, at most half of that time is ever lost.
"""

from __future__ import annotations

from typing import Final

from leanwide.engine.base import Priority
from leanwide.models.speed import SMALLEST_STEP, STEP_MS

_LONGEST_MS: Final = 10_000.0
"""No slice takes longer, so that the engine never seems to hang."""
_MOST_LOST: Final = 4
"""Slices lost one after the other; the next runs to its end, whoever is typing."""


class PrefillChunker:
    """Lengths of prompt slices on a lane, from how fast and how undisturbed the last ones were."""

    def __init__(self, most: int, *, breakable: bool) -> None:
        """Begin undisturbed, with one short slice that shows the speed.

        Args:
            most: Tokens of the longest slice.
            breakable: A slice can be broken off while it runs; if not, all of them are short.
        """
        self._most = most
        self._in_peace = most if breakable else 0
        """Tokens that were read since a slice was broken off; 0 where none can be."""
        self._breakable = breakable
        self._lost = 0
        """Slices broken off since one was whole."""
        self._tokens_per_ms = 0.0

    @property
    def short(self) -> int:
        """Tokens of a slice that takes about ``STEP_MS``: somebody can wait for its end."""
        return self._fitting(STEP_MS)

    @property
    def long(self) -> int:
        """Tokens of a slice that is broken off when somebody more urgent comes."""
        return max(self.short, min(self._in_peace, self._fitting(_LONGEST_MS)))

    @property
    def ms_per_token(self) -> float:
        """What a token of a prompt took of late; 0 as long as nothing is known."""
        return 1 / self._tokens_per_ms if self._tokens_per_ms else 0.0

    def runs_to_its_end(self, tokens: int, priority: Priority) -> bool:
        """Whether a slice of so many tokens is not broken off for anything more urgent.

        A short one of what typing needs is over soon, and its result is what the next key wants. A
        question's is of no use to a key, and on a slow machine even a short one takes a second.
        """
        if tokens > self.short:
            return False
        return priority is not Priority.COMMAND or self._lost >= _MOST_LOST

    def learn(self, tokens: int, ms: float) -> None:
        """Note that a whole slice took ``ms`` milliseconds."""
        self._lost = 0
        if self._breakable:
            self._in_peace += tokens
        if tokens >= SMALLEST_STEP:
            self._tokens_per_ms = tokens / ms

    def broken_off(self) -> None:
        """Note that a slice was lost."""
        self._in_peace = 0
        self._lost += 1

    def _fitting(self, ms: float) -> int:
        """Tokens that take so long; few as long as nothing is known."""
        return max(SMALLEST_STEP, min(self._most, int(self._tokens_per_ms * ms)))
