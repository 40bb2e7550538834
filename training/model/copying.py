"""Rows that train copying, made from real ones.

The first part of a row stays; then random pieces of that part are repeated. Which piece comes is
unpredictable, how it continues is not, and only that counts.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from training.model.rows import Row

KEPT: Final = (0.35, 0.65)
"""Least and greatest share of a row that stays in front of the repetitions."""
PIECE: Final = (5, 40)
"""Least and greatest length of a repeated piece, in tokens."""
CUE: Final = 2
"""First tokens of a repeated piece, which cannot be predicted."""
WEIGHT: Final = 2.0
"""The weight of a token of an answer."""
SHORTEST: Final = 64
"""Tokens of the shortest row that is turned into repetitions."""


def share(done: float) -> float:
    """Return the share of all rows that are repetitions at ``done`` (0 to 1) of a run."""
    return max(0.04, 0.45 * (1 - done / 0.7))


def with_repetitions(rows: list[Row], part: float, random: np.random.Generator) -> list[Row]:
    """Turn about the share ``part`` of the rows into repetitions of themselves."""
    return [
        repeated(row.tokens, random)
        if len(row.tokens) >= SHORTEST and random.random() < part
        else row
        for row in rows
    ]


def repeated(tokens: np.ndarray, random: np.random.Generator) -> Row:
    """Return a row of the same length: its beginning, then pieces of that."""
    kept = int(len(tokens) * random.uniform(*KEPT))
    made, counted = tokens.copy(), np.zeros(len(tokens), dtype=np.float32)
    place = kept
    while place < len(tokens):
        length = min(int(random.integers(PIECE[0], PIECE[1] + 1)), len(tokens) - place)
        start = int(random.integers(kept - length + 1)) if length <= kept else 0
        made[place : place + length] = tokens[start : start + length]
        counted[place + CUE : place + length] = WEIGHT
        place += length
    return Row(made, counted)
