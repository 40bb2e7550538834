"""Batches of samples: rows of similar length, so that there is little padding."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, TypeVar

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset

from training.data.markers import END_OF_TEXT, ID
from training.data.packed import Samples
from training.model.copying import with_repetitions
from training.model.rows import Row, weighted

BATCHES_PER_POOL: Final = 48
ROUNDED: Final = 64
"""Lengths of rows are rounded up to a multiple of this."""


Lengths = TypeVar("Lengths", int, np.ndarray)


@dataclass(frozen=True, slots=True)
class Batch:
    """Token ids, rows by length, and the weight of each token in the loss."""

    tokens: Tensor
    weights: Tensor
    filled: int
    """Tokens that are not padding."""

    def to(self, device: torch.device) -> Batch:
        """Return the batch on a device."""
        return Batch(self.tokens.to(device), self.weights.to(device), self.filled)


@dataclass(frozen=True, slots=True)
class Draw:
    """The composition of a batch: its samples, and the share of them turned into repetitions."""

    number: int
    samples: np.ndarray
    repetitions: float


class Batches(Dataset[Batch]):
    """Returns the batch of a draw, the same in every process."""

    def __init__(self, samples: Samples, seed: int) -> None:
        self.samples = samples
        self.seed = seed

    def __getitem__(self, draw: Draw) -> Batch:
        random = np.random.default_rng((self.seed, draw.number))
        rows = [
            weighted(self.samples[number], int(self.samples.answers[number]), random)
            for number in draw.samples
        ]
        return to_batch(with_repetitions(rows, draw.repetitions, random))


def numbers(samples: Samples, size: int, skip: int, seed: int) -> Iterator[tuple[int, np.ndarray]]:
    """Yield, without end, the number of each batch from ``skip`` on and those of its samples.

    A batch has at most ``size`` tokens.
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
    """Round lengths up, so that batches have few shapes."""
    return -(-tokens // ROUNDED) * ROUNDED


def to_batch(rows: list[Row]) -> Batch:
    """Return a batch of rows padded to one length; padding has weight 0."""
    length = rounded(max(len(row.tokens) for row in rows))
    tokens = np.full((len(rows), length), ID[END_OF_TEXT], dtype=np.int64)
    weights = np.zeros((len(rows), length), dtype=np.float32)
    for place, row in enumerate(rows):
        tokens[place, : len(row.tokens)] = row.tokens
        weights[place, : len(row.tokens)] = row.weights
    filled = sum(len(row.tokens) for row in rows)
    return Batch(torch.from_numpy(tokens), torch.from_numpy(weights), filled)


def _epoch(samples: Samples, size: int, random: np.random.Generator) -> Iterator[np.ndarray]:
    """Yield all samples once, in batches; within a pool, rows are grouped by length."""
    lengths = rounded(np.diff(samples.ends, prepend=0))
    order = random.permutation(len(samples))
    per_pool = int(BATCHES_PER_POOL * size / lengths.mean())
    for first in range(0, len(order), per_pool):
        pool = order[first : first + per_pool]
        groups = _groups(pool[np.argsort(lengths[pool], kind="stable")], lengths, size)
        for place in random.permutation(len(groups)):
            yield groups[place]


def _groups(pool: np.ndarray, lengths: np.ndarray, size: int) -> list[np.ndarray]:
    """Split rows sorted by length into groups whose padded size fits."""
    groups = []
    first = 0
    for place in range(1, len(pool) + 1):
        if place == len(pool) or lengths[pool[place]] * (place - first + 1) > size:
            groups.append(pool[first:place])
            first = place
    return groups
