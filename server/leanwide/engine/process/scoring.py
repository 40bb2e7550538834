"""How likely a model finds a text that is known: tokens and probabilities. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen


@frozen
class EncodedTruth:
    """A text behind a prompt's last piece, tokenised together with that piece."""

    given: tuple[int, ...]
    """Tokens that say nothing of the text: they belong to the prompt."""
    asked: tuple[int, ...]
    """Tokens that say something of it; the first one may begin inside the prompt's last piece."""

    @classmethod
    def of(cls, tokens: Sequence[int], pieces: Sequence[bytes], before: int) -> EncodedTruth:
        """Divide tokens, whose bytes are ``pieces``, behind ``before`` bytes or earlier."""
        ends = np.cumsum(list(map(len, pieces)))
        first = int(np.searchsorted(ends, before, side="right"))
        return cls(tuple(tokens[:first]), tuple(tokens[first:]))


def nats(logits: npt.NDArray[np.float32], tokens: Sequence[int]) -> float:
    """Give the negative log probability of one token per row of logits, summed, in nats."""
    total = 0.0
    for row, token in zip(logits, tokens, strict=True):  # a row at a time: vocabularies are large
        values = row.astype(np.float64)
        largest = values.max()
        total += float(largest + np.log(np.exp(values - largest).sum()) - values[token])
    return total
