"""How many drafted tokens are evaluated at once: as many as promise the most tokens a millisecond.

Pure. A batch of a mixture of experts reads the experts of all its tokens, so that a draft may cost
more than it saves. What steps cost is measured, on this machine and with the lane's experts. What a
draft brings is expected of the answer so far: each token is taken to be accepted with the same
probability, if those before it are (the geometric model of Leviathan et al., 2023, "Fast Inference
from Transformers via Speculative Decoding", section 3.1).
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from leanwide.models.memory import DRAFT_ROWS

LONGEST: Final = DRAFT_ROWS - 1
"""Most tokens of a draft: the token before them is evaluated in the same step."""
_FIRST: Final = 15
"""Most tokens of the first draft."""
_SHORTEST: Final = 3
_HALF: Final = 0.5
"""A draft of which less is accepted is followed by a shorter one."""
_NEW_WEIGHT: Final = 0.25
"""Weight of the newest step in what steps of its size cost."""
_EXPECTED: Final = 31.0
"""Accepted tokens for a refused one that an answer is taken to have before its first draft: enough
that a draft of 15 tokens pays on a mixture, and forgotten after ten drafts that were refused."""
_KEPT: Final = 0.9
"""Weight of what is known of earlier drafts after another one."""
_FIRST_PAUSE, _MAX_PAUSE = 32, 512
"""Drafts in a row that are not evaluated because that does not pay; the next one is tried."""


class StepCosts:
    """Milliseconds of a step by the number of its tokens, from the steps of a lane so far."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[float, float]] = {}
        """Mean tokens and milliseconds, by the size of the step as a power of two."""
        self._largest = 0

    def learn(self, tokens: int, ms: float) -> None:
        """Record that a step took ``ms`` milliseconds."""
        self._largest = max(self._largest, tokens)
        size = (tokens - 1).bit_length()
        old_tokens, old_ms = self._known.get(size, (tokens, ms))
        self._known[size] = (
            old_tokens + _NEW_WEIGHT * (tokens - old_tokens),
            old_ms + _NEW_WEIGHT * (ms - old_ms),
        )

    def up_to(self, tokens: int) -> NDArray[np.float64] | None:
        """Return the milliseconds of steps of 1, 2, … ``tokens`` tokens.

        None if no single token, or no step as large, was measured. One that is larger than the
        mean of the largest ones is taken to cost as much as they do.
        """
        if 0 not in self._known or tokens > self._largest:
            return None
        sizes, times = zip(*sorted(self._known.values()), strict=True)
        return np.asarray(np.interp(np.arange(1, tokens + 1), sizes, times), np.float64)


class DraftLength:
    """The length of the next draft of one answer."""

    def __init__(self, costs: StepCosts) -> None:
        """Begin an answer on a lane whose steps cost ``costs``."""
        self._costs = costs
        self._longest = _FIRST
        self._accepted, self._refused = _EXPECTED, 1.0
        """Tokens of drafts, the later ones with more weight."""
        self._pause = _FIRST_PAUSE
        self._withheld = 0

    def choose(self, available: int) -> int:
        """Return how many of the available drafted tokens to evaluate; 0 where it does not pay."""
        most = min(available, self._longest)
        if most <= 0:
            return 0
        if best := self._best(most):
            self._withheld = 0
            return best
        self._withheld += 1
        if self._withheld <= self._pause:
            return 0
        self._withheld, self._pause = 0, min(2 * self._pause, _MAX_PAUSE)
        return min(most, _SHORTEST)

    def verified(self, drafted: int, accepted: int) -> None:
        """Record how many of the drafted tokens the model generated too."""
        self._accepted = _KEPT * self._accepted + accepted
        self._refused = _KEPT * self._refused + (accepted < drafted)
        if accepted == drafted:
            self._longest, self._pause = min(LONGEST, 2 * self._longest + 1), _FIRST_PAUSE
        elif accepted < _HALF * drafted:
            self.shorten()

    def shorten(self) -> None:
        """Have the next draft be at most half as long."""
        self._longest = max(_SHORTEST, self._longest // 2)

    def _best(self, most: int) -> int:
        """Return the length, up to ``most``, that promises the most tokens a millisecond."""
        times = self._costs.up_to(most + 1)
        if times is None:
            return most
        chance = self._accepted / (self._accepted + self._refused)
        expected = np.cumsum(chance ** np.arange(most + 1))
        """Tokens of a step without a draft, with one of one token, and so on."""
        return int(np.argmax(expected / times))
