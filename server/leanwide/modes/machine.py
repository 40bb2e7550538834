"""What is known of this machine: how fast each lane runs, the battery, the memory. Pure.

Speeds are learned from finished requests. One measurement says little: a prompt may have met a cold
file or a busy core. So the median of the last ones counts, and what the router sees moves only
when that clearly differs: a window that changes with every request would cost a whole prompt each.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Final

from attrs import evolve, field, frozen

from leanwide.engine.base import Stats

_KEPT: Final = 9
"""Measurements that the median is taken of."""
_ENOUGH: Final = 3
"""With fewer measurements nothing is believed: the first prompt reads the weights from disk."""
_CLEARLY: Final = 1.5
"""A speed moves when the median is so many times faster or slower."""
_PROMPT_TOKENS: Final = 32
"""A prompt with fewer tokens to evaluate says more of the overhead than of the speed."""
_DECODE_TOKENS: Final = 4
_LONG_PROMPT: Final = 1024
"""A prompt of so many tokens tells the speed alone, whatever it read from disk meanwhile."""
_LONG_ANSWER: Final = 128
"""The same for an answer."""
_LOW_BATTERY_PERCENT: Final = 20


@frozen
class Rate:
    """Tokens per second of one kind of work."""

    recent: tuple[float, ...] = ()
    """The last measurements, newest last."""
    settled: float | None = None
    """What the router goes by; None while too little is known."""

    def heard(self, tokens: int, ms: float, long: int) -> Rate:
        """Take in that so many tokens took ``ms`` milliseconds; ``long`` tokens need no others."""
        if ms <= 0:
            return self
        recent = (*self.recent, 1000 * tokens / ms)[-_KEPT:]
        if len(recent) < _ENOUGH and tokens < long:
            return Rate(recent, self.settled)
        now = statistics.median(recent)
        known = self.settled
        stays = known is not None and known / _CLEARLY <= now <= known * _CLEARLY
        return Rate(recent, known if stays else now)


@frozen
class LaneSpeed:
    """How fast one lane runs."""

    prompt: Rate = Rate()
    """Evaluating prompts."""
    decode: Rate = Rate()
    """Generating: thinking and answer."""


@frozen(kw_only=True)
class MachineState:
    """What the router knows of the machine; nothing, at first, and then nothing is narrowed."""

    paces: Mapping[str, LaneSpeed] = field(factory=dict)
    """By the lane's name."""
    on_battery: bool = False
    battery_percent: float | None = None
    """0 to 100; None where there is no battery, or none that can be read."""
    memory_short: bool = False
    """So little memory is free that the system begins to swap."""

    @property
    def battery_low(self) -> bool:
        """Whether there is a battery with little left."""
        return self.battery_percent is not None and self.battery_percent < _LOW_BATTERY_PERCENT

    @property
    def spares_work(self) -> bool:
        """Whether nothing is to be done that nobody asked for."""
        return (self.on_battery and self.battery_low) or self.memory_short

    def pace(self, lane: str) -> LaneSpeed:
        """Give what is known of a lane."""
        return self.paces.get(lane, LaneSpeed())


UNKNOWN: Final = MachineState()
"""A machine of which nothing is known: it gets every profile as it is."""


def learn(machine: MachineState, stats: Stats) -> MachineState:
    """Take in what a finished request says of its lane's speed."""
    pace = machine.pace(stats.lane)
    if stats.tokens_evaluated >= _PROMPT_TOKENS:
        rate = pace.prompt.heard(stats.tokens_evaluated, stats.prompt_ms, _LONG_PROMPT)
        pace = evolve(pace, prompt=rate)
    if stats.tokens_generated >= _DECODE_TOKENS:
        rate = pace.decode.heard(stats.tokens_generated, stats.decode_ms, _LONG_ANSWER)
        pace = evolve(pace, decode=rate)
    return evolve(machine, paces={**machine.paces, stats.lane: pace})
