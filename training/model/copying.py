"""Rows that ask for nothing but copying, made from real ones: they teach a model to look back.

The first part of a row stays; then come pieces of that part, again and again. Which piece comes
is chance, how it goes on is not: only that is counted.
"""

from typing import Final

import numpy as np

from training.model.rows import Row

KEPT: Final = (0.35, 0.65)
"""Least and greatest part of a row that stays in front of the repetitions."""
PIECE: Final = (5, 40)
"""Least and greatest length of a repeated piece, in tokens."""
CUE: Final = 2
"""Tokens of a repeated piece that only chance foretells."""
WEIGHT: Final = 2.0
"""What each counts: as much as a token of an answer."""
SHORTEST: Final = 64
"""Tokens of the shortest row that is worth turning into repetitions."""


def share(done: float) -> float:
    """Give the part of all rows that are repetitions at `done` (0 to 1) of a run."""
    return max(0.04, 0.45 * (1 - done / 0.7))


def with_repetitions(rows: list[Row], part: float, random: np.random.Generator) -> list[Row]:
    """Turn about `part` of the rows into repetitions of themselves."""
    return [
        repeated(row.tokens, random)
        if len(row.tokens) >= SHORTEST and random.random() < part
        else row
        for row in rows
    ]


def repeated(tokens: np.ndarray, random: np.random.Generator) -> Row:
    """Keep the beginning of a row and fill the rest with pieces of it; the length stays."""
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
