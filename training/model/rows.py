"""A sample in training: its tokens, and the weight of each in the loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from training.data.markers import ID, IM_START

PROMPT_PART: Final = 0.5
"""Share of the tokens in front of an answer that count, with weight 1.

A token's loss costs as much time as a quarter of the model, and teaches less than an answer's.
"""
ANSWER_WEIGHT: Final = 2.0
BEGINNING_WEIGHT: Final = 3.0
"""Of an answer's first ``BEGINNING`` tokens, which decide whether it is useful."""
BEGINNING: Final = 16


@dataclass(frozen=True, slots=True)
class Row:
    """Token ids, and the weight of each."""

    tokens: np.ndarray
    weights: np.ndarray


def weighted(tokens: np.ndarray, answer: int, random: np.random.Generator) -> Row:
    """Return a sample with weights; its answer begins at ``answer``.

    The answer counts most, a part of the file around a hole counts, a question does not.
    """
    weights = (random.random(len(tokens)) < PROMPT_PART).astype(np.float32)
    if ID[IM_START] in tokens:
        weights[:] = 0.0
    weights[answer:] = ANSWER_WEIGHT
    weights[answer : answer + BEGINNING] = BEGINNING_WEIGHT
    return Row(tokens, weights)
