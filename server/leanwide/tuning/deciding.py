"""Decides among settings by paired measurements, looked at again while they come in. Pure.

Every setting is measured at the same places, so that what is hard about a place cancels out. The
intervals hold at every look, not only at one chosen before (an asymptotic confidence sequence, by
Robbins' normal mixture; arXiv 2103.06476 has the formula): stopping as soon as they are clear is
therefore no cheating. Settings are ordered by what they cost, the cheapest first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Generic, TypeVar

import numpy as np
from attrs import frozen

ENOUGH: Final = 24
"""Places before anything is decided: the intervals need some to be right."""
_ERROR_PROBABILITY: Final = 0.05
"""Probability that any interval of one question is ever wrong."""
_NARROWEST_AT: Final = 100
"""Measurements at which the intervals are about as narrow as they can be."""

Key = TypeVar("Key")


@frozen
class PairedSample:
    """What one place says of a setting."""

    tokens: int
    nats: float
    """Negative log probability of these tokens together."""


Evidence = Mapping[Key, Mapping[str, PairedSample]]
"""By setting, then by place."""


@frozen(kw_only=True)
class Loss:
    """How much more one setting costs than another at the same places, as a share of that."""

    mean: float
    low: float
    high: float
    """The interval's ends; infinite where there is too little to tell."""
    places: int


def loss(
    one: Mapping[str, PairedSample],
    other: Mapping[str, PairedSample],
    error: float = _ERROR_PROBABILITY,
) -> Loss:
    """Compare what is measured of two settings, by all their nats at the places that both have."""
    shared = [place for place in one if place in other]
    mine = np.array([one[place].nats for place in shared])
    theirs = np.array([other[place].nats for place in shared])
    count, total = len(shared), float(theirs.sum())
    if count < 2 or total <= 0:
        return Loss(mean=0.0, low=-math.inf, high=math.inf, places=count)
    ratio = float(mine.sum()) / total
    residuals = mine - ratio * theirs
    deviation = math.sqrt(count / (count - 1) * float(residuals @ residuals)) / total
    half = deviation * _width(count, error)
    return Loss(mean=ratio - 1, low=ratio - 1 - half, high=ratio - 1 + half, places=count)


def _width(count: int, error: float) -> float:
    """Half of an interval's width in standard errors, such that it may be looked at any time."""
    log = -2 * math.log(error)
    spread = (log + math.log(log) + 1) / _NARROWEST_AT * count
    return math.sqrt(2 * (spread + 1) / spread * math.log(math.sqrt(spread + 1) / error))


@frozen(kw_only=True)
class Judgement(Generic[Key]):
    """What the evidence says of the settings of one question."""

    order: tuple[Key, ...]
    """Everything that is asked about, the cheapest first."""
    best: Key
    """The setting with the least nats per token."""
    losses: Mapping[Key, Loss]
    """Of each setting against the best one."""
    tolerance: float
    """The share by which a setting may be worse than the best one."""

    def within(self, key: Key) -> bool:
        """Whether a setting is certainly no worse than the tolerance allows."""
        return key == self.best or self.losses[key].high <= self.tolerance

    def beyond(self, key: Key) -> bool:
        """Whether a setting is certainly worse than the tolerance allows."""
        return key != self.best and self.losses[key].low > self.tolerance

    @property
    def places(self) -> int:
        """Places that the chosen setting and the best one were compared at."""
        return self.losses[self.chosen].places

    @property
    def chosen(self) -> Key:
        """The cheapest setting that is certainly good enough."""
        return next(key for key in self.order if self.within(key))

    @property
    def open(self) -> tuple[Key, ...]:
        """Settings that are cheaper than the chosen one and may be good enough all the same."""
        cheaper = self.order[: self.order.index(self.chosen)]
        return tuple(key for key in cheaper if not self.beyond(key))

    @property
    def enough(self) -> bool:
        """Whether there is enough to decide at all."""
        return self.places >= ENOUGH

    @property
    def clear(self) -> bool:
        """Whether more measurements would most likely not change the choice."""
        return self.enough and not self.open

    @property
    def live(self) -> tuple[Key, ...]:
        """What is worth measuring on: at first all, then what the choice still hangs on."""
        if not self.enough or any(self.losses[key].places < ENOUGH for key in self.order):
            return self.order
        wanted = {self.best, *self.open}
        return tuple(key for key in self.order if key in wanted)


def judge(order: Sequence[Key], evidence: Evidence[Key], tolerance: float) -> Judgement[Key]:
    """Say what the evidence tells about settings, the cheapest first.

    The best one is found at the places that all settings share; the intervals of all of them
    together are wrong with a probability of 5 % at most.
    """
    common = set.intersection(*(set(evidence[key]) for key in order))

    def nats(key: Key) -> float:
        return sum(evidence[key][place].nats for place in common)

    best = min(order, key=nats)
    error = _ERROR_PROBABILITY / max(1, len(order) - 1)
    losses = {key: loss(evidence[key], evidence[best], error) for key in order}
    return Judgement(order=tuple(order), best=best, losses=losses, tolerance=tolerance)


def best_or_usual(judgement: Judgement[Key], evidence: Evidence[Key], usual: Key) -> Key:
    """Give the best setting, or the usual one where the best is not certainly better."""
    gain = loss(evidence[judgement.best], evidence[usual], _ERROR_PROBABILITY)
    enough = gain.places >= ENOUGH and gain.high < 0
    return judgement.best if enough else usual
