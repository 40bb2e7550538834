"""Axes of a plot: the pixel of a value, and the round values to label. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from attrs import field, frozen

_TICKS: Final = 5
_DIGITS: Final = (1, 2, 3, 5, 7)


@frozen
class Axis:
    """Maps values from ``low`` to ``high`` to pixels from ``start`` to ``end``."""

    low: float
    high: float
    start: float
    end: float
    is_log: bool = field(default=False)

    def at(self, value: float) -> float:
        """Return the pixel of a value."""
        low, high, value = map(self._scale, (self.low, self.high, value))
        return self.start + (value - low) / (high - low) * (self.end - self.start)

    def steps(self) -> Iterator[float]:
        """Return the round values on the axis."""
        return self._log_steps() if self.is_log else self._even_steps()

    def _scale(self, value: float) -> float:
        return math.log(value) if self.is_log else value

    def _even_steps(self) -> Iterator[float]:
        span = self.high - self.low
        step = 10 ** math.floor(math.log10(span / _TICKS))
        step *= next(factor for factor in (1, 2, 5, 10) if span / (factor * step) <= _TICKS + 1)
        for number in range(math.ceil(self.low / step), math.floor(self.high / step) + 1):
            yield number * step

    def _log_steps(self) -> Iterator[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        for power in range(first, last + 1):
            for digit in _DIGITS:
                value = float(digit * 10**power)
                if self.low <= value <= self.high:
                    yield value
