"""How many threads the next step gets: learned while running, because the machine is shared.

llama.cpp's threads meet at barriers many times a token. On a quiet machine all cores are fastest;
as soon as a build or a test run takes the cores, each barrier waits for a thread that is not
running, and a single thread wins by far (docs/performance.md, threads).
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import Final

_PROBE_EVERY: Final = 48
"""Steps between two tries of a count that was slower: about one in a suggestion."""
_REMEMBERED: Final = 3
"""Newest measurements of a count, whose median counts: one slow step, in which a page was fetched,
says nothing of the threads; a machine that becomes busy is noticed at the second."""


class ThreadChoice:
    """Picks among thread counts the one with the least time per token."""

    def __init__(self, most: int) -> None:
        """Choose among ``most``, its half, and one."""
        self.counts = tuple(sorted({most, max(1, most // 2), 1}, reverse=True))
        self._ms: dict[int, deque[float]] = {}
        self._steps = 0
        self.trying = False
        """Whether the count that was picked last is not the best one known."""

    def pick(self) -> int:
        """Give the thread count for the next step."""
        untried = [count for count in self.counts if count not in self._ms]
        if untried:
            self.trying = len(self.counts) > 1
            return untried[0]
        self._steps += 1
        best = min(self.counts, key=lambda count: median(self._ms[count]))
        others = [count for count in self.counts if count != best]
        self.trying = bool(others) and self._steps % _PROBE_EVERY == 0
        return others[self._steps // _PROBE_EVERY % len(others)] if self.trying else best

    def learn(self, count: int, ms: float) -> None:
        """Note that a step took ``ms`` milliseconds per token with ``count`` threads."""
        self._ms.setdefault(count, deque(maxlen=_REMEMBERED)).append(ms)
