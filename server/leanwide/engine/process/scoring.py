"""How likely the model finds a known text: its tokens and their probabilities. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from attrs import frozen


@frozen
class EncodedTruth:
    """A known text after a prompt, tokenized together with the prompt's last piece."""

    given: tuple[int, ...]
    """Tokens of the prompt's last piece alone."""
    scored: tuple[int, ...]
    """Tokens of the text; the first may begin inside the prompt's last piece."""

    @classmethod
    def of(cls, tokens: Sequence[int], pieces: Sequence[bytes], before: int) -> EncodedTruth:
        """Split tokens at the ``before``-th byte of their ``pieces``, or earlier."""
        ends = np.cumsum(list(map(len, pieces)))
        first = int(np.searchsorted(ends, before, side="right"))
        return cls(tuple(tokens[:first]), tuple(tokens[first:]))


def nats(logits: npt.NDArray[np.float32], tokens: Sequence[int]) -> float:
    """Return the summed negative log probability, in nats, of one token per row of logits."""
    total = 0.0
    for row, token in zip(logits, tokens, strict=True):  # row by row: vocabularies are large
        values = row.astype(np.float64)
        largest = values.max()
        total += float(largest + np.log(np.exp(values - largest).sum()) - values[token])
    return total
