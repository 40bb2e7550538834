"""How many threads the next step gets: learned while running, because the machine is shared.

llama.cpp's threads meet at barriers many times a token. On a quiet machine all cores are fastest;
as soon as a build or a test run takes the cores, each barrier waits for a thread that is not
running, and a single thread wins by far (docs/performance.md, threads).
"""

from __future__ import annotations

from collections import Counter
from typing import Final

_FIRST_TRIES: Final = 2
"""Steps that each count gets at first."""
_FIRST_LOOKS: Final = 5
"""So many steps of a count that is not in use tell by the best of them: the first ones of a lane
are slow whatever the threads, while the weights come from the disk."""
_FIRST_PAUSE, _LONGEST_PAUSE = 4, 48
"""Steps between two tries of a count that was slower: few at first, then twice as many each time,
up to about one try in a suggestion."""
_USED_WEIGHT: Final = 1 / 16
"""Weight of the newest step of the count in use. Where threads wait for each other, a slow step
takes hundreds of times as long and is noticed at once; while a page is fetched it takes a few times
as long, and changes nothing."""
_TRIED_WEIGHT: Final = 0.4
"""Weight of the newest step of another count, which has few to show that it is better now."""
_BETTER: Final = 0.8
"""Another count takes at most so large a share of the time before it is the one in use: what was
seen of it are few steps, and no slow one may be among them yet."""


class ThreadChoice:
    """Picks among thread counts the one with the least time per token."""

    def __init__(self, most: int) -> None:
        """Choose among ``most``, its half, and one."""
        self.counts = tuple(sorted({most, max(1, most // 2), 1}, reverse=True))
        self._ms: dict[int, float] = {}
        self._learned: Counter[int] = Counter()
        self._used = most
        self._tries = 0
        self._pause = self._left = _FIRST_PAUSE
        self.trying = False
        """Whether the count that was picked last is not the best one known."""

    def pick(self) -> int:
        """Give the thread count for the next step."""
        untried = [count for count in self.counts if self._learned[count] < _FIRST_TRIES]
        if untried:
            self.trying = len(self.counts) > 1
            return min(untried, key=self._learned.__getitem__)
        best = min(self.counts, key=self._ms.__getitem__)
        if self._ms[best] < _BETTER * self._ms[self._used]:
            self._used = best
        self.trying = len(self.counts) > 1 and self._left == 0
        if not self.trying:
            self._left = max(0, self._left - 1)
            return self._used
        self._pause = self._left = min(2 * self._pause, _LONGEST_PAUSE)
        self._tries += 1
        others = [count for count in self.counts if count != self._used]
        return others[self._tries % len(others)]

    def learn(self, count: int, ms: float) -> None:
        """Note that a step took ``ms`` milliseconds per token with ``count`` threads."""
        known = self._ms.get(count, ms)
        self._learned[count] += 1
        if self.trying and self._learned[count] <= _FIRST_LOOKS:
            self._ms[count] = min(known, ms)
        else:
            weight = _TRIED_WEIGHT if self.trying else _USED_WEIGHT
            self._ms[count] = known + weight * (ms - known)
