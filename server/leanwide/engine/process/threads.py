"""How many threads the next step gets: learned at run time, because the machine is shared.

llama.cpp's threads meet at barriers many times per token. On a quiet machine all cores are fastest;
once a build or a test run takes the cores, each barrier waits for a thread that is not running, and
a single thread is far faster (docs/measurements.md, threads).
"""

from __future__ import annotations

from collections import Counter
from typing import Final

_MIN_TRIES: Final = 2
"""Steps that each thread count gets at first."""
_BEST_OF_FIRST: Final = 5
"""During its first 5 tries a thread count is rated by its fastest step: a lane's first steps page
weights in and are slow with any count."""
_FIRST_PAUSE, _MAX_PAUSE = 4, 48
"""Steps between two tries of a slower count: 4 at first, doubling up to about one try in a
suggestion."""
_USED_WEIGHT: Final = 1 / 16
"""Weight of the newest step of the count in use. Where threads wait for each other, a slow step
takes hundreds of times as long and is noticed at once; while a page is read from disk it takes a
few times as long, and changes nothing."""
_TRIED_WEIGHT: Final = 0.4
"""Weight of the newest step of another count, which has few steps to show that it is faster now."""
_SWITCH_RATIO: Final = 0.8
"""Another count replaces the one in use where it takes less than this share of the time: it has few
steps, perhaps no slow one among them yet."""


class ThreadChoice:
    """Picks the thread count with the least time per token."""

    def __init__(self, most: int) -> None:
        """Choose among ``most``, half of it, and one."""
        self.counts = tuple(sorted({most, max(1, most // 2), 1}, reverse=True))
        self._ms: dict[int, float] = {}
        self._learned: Counter[int] = Counter()
        self.used = most
        """The best count known, for steps that nothing is learned from."""
        self._tries = 0
        self._pause = self._steps_to_try = _FIRST_PAUSE
        self.trying = False
        """Whether the last picked count is a try, not the best one known."""

    def pick(self) -> int:
        """Return the thread count for the next step."""
        untried = [count for count in self.counts if self._learned[count] < _MIN_TRIES]
        if untried:
            self.trying = len(self.counts) > 1
            return min(untried, key=self._learned.__getitem__)
        best = min(self.counts, key=self._ms.__getitem__)
        if self._ms[best] < _SWITCH_RATIO * self._ms[self.used]:
            self.used = best
        self.trying = len(self.counts) > 1 and self._steps_to_try == 0
        if not self.trying:
            self._steps_to_try = max(0, self._steps_to_try - 1)
            return self.used
        self._pause = self._steps_to_try = min(2 * self._pause, _MAX_PAUSE)
        self._tries += 1
        others = [count for count in self.counts if count != self.used]
        return others[self._tries % len(others)]

    def learn(self, count: int, ms: float) -> None:
        """Record that a step took ``ms`` milliseconds per token with ``count`` threads."""
        known = self._ms.get(count, ms)
        self._learned[count] += 1
        if self.trying and self._learned[count] <= _BEST_OF_FIRST:
            self._ms[count] = min(known, ms)
        else:
            weight = _TRIED_WEIGHT if self.trying else _USED_WEIGHT
            self._ms[count] = known + weight * (ms - known)
