"""How many drafted tokens are evaluated at once: what was accepted, and what a step costs. Pure.

A batch of a mixture of experts reads the experts of all its tokens, so that a short draft may cost
more than it saves. What steps cost is measured, on this machine and with the lane's experts.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from leanwide.models.memory import DRAFT_ROWS

LONGEST: Final = DRAFT_ROWS - 1
"""Most tokens of a draft: the token before them is evaluated in the same step."""
_FIRST: Final = 15
"""Tokens of the first draft."""
_SHORTEST: Final = 3
_HALF: Final = 0.5
"""A draft of which less is accepted is followed by a shorter one."""
_NEW_WEIGHT: Final = 0.25
"""Weight of the newest step in what steps of its size cost, or of the newest draft in the share
that is accepted."""
_FIRST_PAUSE, _MAX_PAUSE = 32, 512
"""Drafts in a row that are not evaluated because that does not pay; the next one is tried."""


class StepCosts:
    """Milliseconds of a step by the number of its tokens, from the steps of a lane so far."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, float]] = {}
        """Mean tokens and milliseconds, by the size of the step as a power of two."""

    def learn(self, tokens: int, ms: float) -> None:
        """Record that a step took ``ms`` milliseconds."""
        size = (tokens - 1).bit_length()
        old_tokens, old_ms = self._known.get(size, (tokens, ms))
        self._known[size] = (
            old_tokens + _NEW_WEIGHT * (tokens - old_tokens),
            old_ms + _NEW_WEIGHT * (ms - old_ms),
        )

    def ms(self, tokens: int) -> float | None:
        """Return what a step of ``tokens`` tokens takes; None if none was as large or larger."""
        sizes, times = zip(*sorted(self._known.values()), strict=True) if self._known else ((), ())
        if not sizes or tokens > sizes[-1]:
            return None
        return float(np.interp(tokens, sizes, times))


class DraftLength:
    """The length of the next draft of one answer."""

    def __init__(self, costs: StepCosts) -> None:
        """Begin an answer on a lane whose steps cost ``costs``."""
        self._costs = costs
        self._length = _FIRST
        self._share = 1.0
        """Share of a draft that was accepted lately."""
        self._pause = _FIRST_PAUSE
        self._withheld = 0

    def choose(self, available: int) -> int:
        """Return how many of the available drafted tokens to evaluate; 0 where it does not pay."""
        length = min(available, self._length)
        if length <= 0:
            return 0
        if self._pays(length):
            self._withheld = 0
            return length
        self._withheld += 1
        if self._withheld <= self._pause:
            return 0
        self._withheld, self._pause = 0, min(2 * self._pause, _MAX_PAUSE)
        return length

    def verified(self, drafted: int, accepted: int) -> None:
        """Record how many of the drafted tokens the model generated too."""
        share = accepted / drafted
        self._share += _NEW_WEIGHT * (share - self._share)
        if accepted == drafted:
            self._length, self._pause = min(LONGEST, 2 * self._length + 1), _FIRST_PAUSE
        elif share < _HALF:
            self._length = max(_SHORTEST, self._length // 2)

    def aborted(self) -> None:
        """Record that a more urgent request aborted the evaluation of a draft."""
        self._length = max(_SHORTEST, self._length // 2)

    def _pays(self, length: int) -> bool:
        """Whether a step with a draft takes less time than its accepted tokens one by one."""
        single, step = self._costs.ms(1), self._costs.ms(length + 1)
        if single is None or step is None:
            return True
        return step < (1 + self._share * length) * single
