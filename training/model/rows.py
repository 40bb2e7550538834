"""One sample as training sees it: tokens, and how much predicting each of them counts."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from training.data.markers import ID, IM_START

PROMPT_PART: Final = 0.5
"""Part of the tokens in front of an answer that count, with weight 1.

Each one's loss costs as much time as a quarter of the model, and teaches less than an answer's.
"""
ANSWER_WEIGHT: Final = 2.0
BEGINNING_WEIGHT: Final = 3.0
"""Of an answer's first `BEGINNING` tokens: what stands there decides whether it is any use."""
BEGINNING: Final = 16


@dataclass(frozen=True, slots=True)
class Row:
    """Token ids, and the weight of each."""

    tokens: np.ndarray
    weights: np.ndarray


def weighted(tokens: np.ndarray, answer: int, random: np.random.Generator) -> Row:
    """Say what counts of a sample whose answer begins at `answer`.

    The answer counts most, of the file around a hole a part, of a question nothing.
    """
    weights = (random.random(len(tokens)) < PROMPT_PART).astype(np.float32)
    if ID[IM_START] in tokens:
        weights[:] = 0.0
    weights[answer:] = ANSWER_WEIGHT
    weights[answer : answer + BEGINNING] = BEGINNING_WEIGHT
    return Row(tokens, weights)
