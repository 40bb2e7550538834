"""Intervals of shares, and differences between two settings at the same tasks."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
from attrs import frozen

_Z: Final = 1.959963984540054
"""Two-sided 95 % of the normal distribution."""
_RESAMPLES: Final = 10_000
_SEED: Final = 1


@frozen(kw_only=True)
class Share:
    """A share with its 95 % interval, each from 0 to 1."""

    share: float
    low: float
    high: float


@frozen(kw_only=True)
class PairedTask:
    """One task answered at two settings."""

    cluster: str
    """Tasks of one cluster resemble each other: the lines of one HumanEval problem."""
    first: bool
    """Solved at the first setting."""
    second: bool


@frozen(kw_only=True)
class PairedDifference:
    """The share that the second setting solves minus that of the first."""

    tasks: int
    difference: float
    low: float
    """95 % interval, by a bootstrap over clusters."""
    high: float
    only_first: int
    """Tasks that the first setting alone solves."""
    only_second: int
    p_value: float
    """Of McNemar's exact test, which takes the tasks as independent."""


def wilson(solved: int, tasks: int) -> Share:
    """Return the share of solved tasks with Wilson's score interval (Wilson 1927).

    Raises:
        ValueError: There is no task.
    """
    if tasks <= 0:
        raise ValueError("no share of no tasks")
    share, square = solved / tasks, _Z * _Z / tasks
    middle = (share + square / 2) / (1 + square)
    half = _Z * math.sqrt(share * (1 - share) / tasks + square / (4 * tasks)) / (1 + square)
    return Share(
        share=share,
        low=0.0 if solved == 0 else middle - half,
        high=1.0 if solved == tasks else middle + half,
    )


def mcnemar(only_first: int, only_second: int) -> float:
    """Return the p-value of McNemar's exact, two-sided test; 1 where the settings always agree."""
    count = only_first + only_second
    tail = sum(math.comb(count, wins) for wins in range(min(only_first, only_second) + 1))
    return float(min(1.0, 2 * tail / 2**count))


def compare(pairs: Sequence[PairedTask]) -> PairedDifference:
    """Return the difference between two settings at the same tasks.

    Raises:
        ValueError: There is no task.
    """
    if not pairs:
        raise ValueError("no difference of no tasks")
    clusters: dict[str, list[int]] = defaultdict(list)
    for pair in pairs:
        clusters[pair.cluster].append(pair.second - pair.first)
    sums = np.array([sum(gains) for gains in clusters.values()])
    sizes = np.array([len(gains) for gains in clusters.values()])
    drawn = np.random.default_rng(_SEED).multinomial(
        len(sums), np.full(len(sums), 1 / len(sums)), size=_RESAMPLES
    )
    low, high = np.quantile(drawn @ sums / (drawn @ sizes), [0.025, 0.975])
    only_first = sum(pair.first and not pair.second for pair in pairs)
    only_second = sum(pair.second and not pair.first for pair in pairs)
    return PairedDifference(
        tasks=len(pairs),
        difference=(only_second - only_first) / len(pairs),
        low=float(low),
        high=float(high),
        only_first=only_first,
        only_second=only_second,
        p_value=mcnemar(only_first, only_second),
    )
