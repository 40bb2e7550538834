"""Samples to batches: rows of similar length, so that padding is rare."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from training.data.markers import END_OF_TEXT, ID
from training.model.copying import with_repetitions
from training.model.rows import Row, weighted

BATCHES_PER_POOL: Final = 48
ROUNDED: Final = 64
"""Tokens by which the length of a batch's rows grows."""


Lengths = TypeVar("Lengths", int, np.ndarray)


@dataclass(frozen=True, slots=True)
class Batch:
    """Token ids, rows by length, and how much the prediction of each token counts."""

    tokens: Tensor
    weights: Tensor
    filled: int
    """Tokens that are not padding."""

    def to(self, device: torch.device) -> "Batch":
        """Return the batch in the memory of a device."""
        return Batch(self.tokens.to(device), self.weights.to(device), self.filled)


@dataclass(frozen=True, slots=True)
class Samples:
    """All training samples, one after the other."""

    tokens: np.ndarray
    ends: np.ndarray
    answers: np.ndarray

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, number: int) -> np.ndarray:
        start = self.ends[number - 1] if number else 0
        return self.tokens[start : self.ends[number]]

    def row(self, number: int, random: np.random.Generator) -> Row:
        """Return a sample with what of it counts."""
        return weighted(self[number], int(self.answers[number]), random)


@dataclass(frozen=True, slots=True)
class Draw:
    """What a batch is to be made of: which samples, and which part of them as repetitions."""

    number: int
    samples: np.ndarray
    repetitions: float


class Batches(Dataset[Batch]):
    """Makes the batch of a draw, the same whenever and in whichever process it is asked."""

    def __init__(self, samples: Samples, seed: int) -> None:
        self.samples = samples
        self.seed = seed

    def __getitem__(self, draw: Draw) -> Batch:
        random = np.random.default_rng((self.seed, draw.number))
        rows = [self.samples.row(number, random) for number in draw.samples]
        return to_batch(with_repetitions(rows, draw.repetitions, random))


def load(path: Path) -> Samples:
    """Read what `training.data.dataset` wrote."""
    with np.load(path) as stored:
        return Samples(stored["tokens"], stored["ends"], stored["answers"])


def numbers(samples: Samples, size: int, skip: int, seed: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield, without end, the numbers of batches from `skip` on, and of the samples in each.

    A batch has at most `size` tokens.
    """
    number = 0
    epoch = 0
    while True:
        for group in _epoch(samples, size, np.random.default_rng((seed, epoch))):
            if number >= skip:
                yield number, group
            number += 1
        epoch += 1


def rounded(tokens: Lengths) -> Lengths:
    """Round lengths up to one of few, so that batches have few shapes."""
    return -(-tokens // ROUNDED) * ROUNDED


def to_batch(rows: list[Row]) -> Batch:
    """Pad rows to one length; the padding never counts."""
    length = rounded(max(len(row.tokens) for row in rows))
    tokens = np.full((len(rows), length), ID[END_OF_TEXT], dtype=np.int64)
    weights = np.zeros((len(rows), length), dtype=np.float32)
    for place, row in enumerate(rows):
        tokens[place, : len(row.tokens)] = row.tokens
        weights[place, : len(row.tokens)] = row.weights
    filled = sum(len(row.tokens) for row in rows)
    return Batch(torch.from_numpy(tokens), torch.from_numpy(weights), filled)


def _epoch(samples: Samples, size: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Go once through all samples; within a pool, rows are grouped by length."""
    lengths = rounded(np.diff(samples.ends, prepend=0))
    order = random.permutation(len(samples))
    per_pool = int(BATCHES_PER_POOL * size / lengths.mean())
    for first in range(0, len(order), per_pool):
        pool = order[first : first + per_pool]
        groups = _groups(pool[np.argsort(lengths[pool], kind="stable")], lengths, size)
        for place in random.permutation(len(groups)):
            yield groups[place]


def _groups(pool: np.ndarray, lengths: np.ndarray, size: int) -> list[np.ndarray]:
    """Cut rows sorted by length into stretches whose padded size fits."""
    groups = []
    first = 0
    for place in range(1, len(pool) + 1):
        if place == len(pool) or lengths[pool[place]] * (place - first + 1) > size:
            groups.append(pool[first:place])
            first = place
    return groups
