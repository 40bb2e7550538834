"""Decides among settings by paired measurements, again after each measurement. Pure.

Every setting is measured at the same places, so that the difficulty of a place cancels out. The
intervals are valid at every look, not only at one chosen in advance (an asymptotic confidence
sequence, by Robbins' normal mixture; arXiv 2103.06476 has the formula), so a run may stop as soon
as they are clear. Settings are ordered by cost, the cheapest first.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final, Generic, TypeVar

import numpy as np
from attrs import frozen

ENOUGH: Final = 24
"""Places before anything is decided: the intervals are asymptotic."""
_ERROR_PROBABILITY: Final = 0.05
"""Probability that any interval of one question is ever wrong."""
_NARROWEST_AT: Final = 100
"""Number of measurements for which the intervals are made as narrow as possible."""

Key = TypeVar("Key")


@frozen
class PairedSample:
    """The score of one setting at one place."""

    tokens: int
    nats: float
    """Negative log probability of these tokens, summed."""


Evidence = Mapping[Key, Mapping[str, PairedSample]]
"""By setting, then by place."""


@frozen(kw_only=True)
class Loss:
    """How much worse one setting is than another at the same places, as a share of the other."""

    mean: float
    low: float
    high: float
    """The ends of the interval; infinite if there are too few places."""
    places: int


def loss(
    setting: Mapping[str, PairedSample],
    reference: Mapping[str, PairedSample],
    error: float = _ERROR_PROBABILITY,
) -> Loss:
    """Compare a setting with a reference by their total nats at the places that both have."""
    shared = [place for place in setting if place in reference]
    nats = np.array([setting[place].nats for place in shared])
    reference_nats = np.array([reference[place].nats for place in shared])
    count, total = len(shared), float(reference_nats.sum())
    if count < 2 or total <= 0:
        return Loss(mean=0.0, low=-math.inf, high=math.inf, places=count)
    ratio = float(nats.sum()) / total
    residuals = nats - ratio * reference_nats
    deviation = math.sqrt(count / (count - 1) * float(residuals @ residuals)) / total
    half = deviation * _width(count, error)
    return Loss(mean=ratio - 1, low=ratio - 1 - half, high=ratio - 1 + half, places=count)


def _width(count: int, error: float) -> float:
    """Return half the width, in standard errors, of an interval that is valid at every look."""
    log = -2 * math.log(error)
    spread = (log + math.log(log) + 1) / _NARROWEST_AT * count
    return math.sqrt(2 * (spread + 1) / spread * math.log(math.sqrt(spread + 1) / error))


@frozen(kw_only=True)
class Judgement(Generic[Key]):
    """What the evidence says about the settings of one question."""

    order: tuple[Key, ...]
    """All settings, the cheapest first."""
    best: Key
    """The setting with the fewest nats per token."""
    losses: Mapping[Key, Loss]
    """Each setting compared with the best one."""
    tolerance: float
    """How much worse than the best a setting may be, as a share."""

    def within(self, key: Key) -> bool:
        """Whether a setting is certainly no worse than the tolerance allows."""
        return key == self.best or self.losses[key].high <= self.tolerance

    def beyond(self, key: Key) -> bool:
        """Whether a setting is certainly worse than the tolerance allows."""
        return key != self.best and self.losses[key].low > self.tolerance

    @property
    def places(self) -> int:
        """Number of places at which the chosen setting and the best one were compared."""
        return self.losses[self.chosen].places

    @property
    def chosen(self) -> Key:
        """The cheapest setting that is certainly good enough."""
        return next(key for key in self.order if self.within(key))

    @property
    def open(self) -> tuple[Key, ...]:
        """Settings that are cheaper than the chosen one and may still be good enough."""
        cheaper = self.order[: self.order.index(self.chosen)]
        return tuple(key for key in cheaper if not self.beyond(key))

    @property
    def enough(self) -> bool:
        """Whether there are enough places to decide."""
        return self.places >= ENOUGH

    @property
    def clear(self) -> bool:
        """Whether more measurements would most likely not change the choice."""
        return self.enough and not self.open

    @property
    def live(self) -> tuple[Key, ...]:
        """The settings to measure next: at first all, then those that may change the choice."""
        if not self.enough or any(self.losses[key].places < ENOUGH for key in self.order):
            return self.order
        wanted = {self.best, *self.open}
        return tuple(key for key in self.order if key in wanted)


def judge(order: Sequence[Key], evidence: Evidence[Key], tolerance: float) -> Judgement[Key]:
    """Judge the settings in ``order``, the cheapest first.

    The best one is found at the places that all settings share. The probability that any of their
    intervals is wrong is 5 % at most.
    """
    common = set.intersection(*(set(evidence[key]) for key in order))

    def nats(key: Key) -> float:
        return sum(evidence[key][place].nats for place in common)

    best = min(order, key=nats)
    error = _ERROR_PROBABILITY / max(1, len(order) - 1)
    losses = {key: loss(evidence[key], evidence[best], error) for key in order}
    return Judgement(order=tuple(order), best=best, losses=losses, tolerance=tolerance)


def best_or_usual(judgement: Judgement[Key], evidence: Evidence[Key], usual: Key) -> Key:
    """Return the best setting, or the usual one if the best is not certainly better."""
    gain = loss(evidence[judgement.best], evidence[usual], _ERROR_PROBABILITY)
    enough = gain.places >= ENOUGH and gain.high < 0
    return judgement.best if enough else usual
