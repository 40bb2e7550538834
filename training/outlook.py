"""What more training would give: a line through the held-out loss over doublings of the tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Outlook:
    """The held-out loss's change, in nats per token, with each doubling; and how sure it is.

    `error` is the slope's standard error; `points` were fitted.
    """

    per_doubling: float
    error: float
    points: int


def fitted(tokens: Sequence[int], losses: Sequence[float]) -> Outlook:
    """Fit a straight line to losses over the base-2 logarithm of tokens, by least squares.

    Raises:
        ValueError: there are fewer than three points, which leave no error to speak of.
    """
    if len(tokens) < 3:
        raise ValueError(f"{len(tokens)} points are too few for a line with an error")
    doublings = np.log2(np.asarray(tokens, dtype=float))
    slope, start = np.polyfit(doublings, np.asarray(losses), 1)
    left = np.asarray(losses) - (start + slope * doublings)
    spread = ((doublings - doublings.mean()) ** 2).sum()
    error = np.sqrt((left**2).sum() / (len(tokens) - 2) / spread)
    return Outlook(float(slope), float(error), len(tokens))
