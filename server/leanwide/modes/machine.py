"""The state of this machine: the speed of each lane, the battery, the memory. Pure.

Speeds are learned from finished requests. One measurement tells little: the weights may have been
on disk, or a core busy. So the median of the last ones counts, and the speed that the router sees
changes only when the median clearly differs: a window that changes with every request would cost a
prefill of the whole prompt each time.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Final

from attrs import evolve, field, frozen

from leanwide.engine.requests import Stats

_MAX_SAMPLES: Final = 9
"""Measurements that the median is taken of."""
_MIN_SAMPLES: Final = 3
"""Measurements before a speed counts: the first prompt reads the weights from disk."""
_SWITCH_FACTOR: Final = 1.5
"""The settled speed changes when the median is this many times faster or slower."""
_MIN_PROMPT_TOKENS: Final = 32
"""Evaluated tokens of a measured prompt: with fewer, overhead dominates."""
_MIN_ANSWER_TOKENS: Final = 4
"""Generated tokens of a measured answer."""
_LONG_PROMPT_TOKENS: Final = 1024
"""A prompt this long counts alone: reading weights from disk hardly changes its speed."""
_LONG_ANSWER_TOKENS: Final = 128
"""The same for an answer."""
_LOW_BATTERY_PERCENT: Final = 20


@frozen
class Rate:
    """Tokens per second of one kind of work."""

    recent: tuple[float, ...] = ()
    """The last measurements, newest last."""
    settled: float | None = None
    """The rate that the router uses; None until there are enough measurements."""

    def with_sample(self, tokens: int, ms: float, long: int) -> Rate:
        """Return the rate with one more measurement: ``tokens`` took ``ms`` milliseconds.

        A measurement of at least ``long`` tokens counts alone.
        """
        if ms <= 0:
            return self
        recent = (*self.recent, 1000 * tokens / ms)[-_MAX_SAMPLES:]
        if len(recent) < _MIN_SAMPLES and tokens < long:
            return Rate(recent, self.settled)
        now = statistics.median(recent)
        known = self.settled
        stays = known is not None and known / _SWITCH_FACTOR <= now <= known * _SWITCH_FACTOR
        return Rate(recent, known if stays else now)


@frozen
class LaneSpeed:
    """The speed of one lane."""

    prompt: Rate = Rate()
    """Of prefill."""
    decode: Rate = Rate()
    """Of generation, thinking and answer."""


@frozen(kw_only=True)
class MachineState:
    """The machine as the router sees it. Unknown values narrow nothing."""

    lane_speeds: Mapping[str, LaneSpeed] = field(factory=dict)
    """By the lane's name."""
    on_battery: bool = False
    battery_percent: float | None = None
    """0 to 100; None without a readable battery."""
    memory_short: bool = False
    """Whether so little memory is free that the system begins to swap."""

    @property
    def battery_low(self) -> bool:
        """Whether there is a battery with little left."""
        return self.battery_percent is not None and self.battery_percent < _LOW_BATTERY_PERCENT

    @property
    def skips_background_work(self) -> bool:
        """Whether to do only what the user requests."""
        return (self.on_battery and self.battery_low) or self.memory_short

    def lane_speed(self, lane: str) -> LaneSpeed:
        """Return the speed of a lane, with unknown rates before any request."""
        return self.lane_speeds.get(lane, LaneSpeed())

    def without_speed(self, lane: str) -> MachineState:
        """Return the machine before any request to a lane."""
        others = {name: speed for name, speed in self.lane_speeds.items() if name != lane}
        return evolve(self, lane_speeds=others)


UNKNOWN: Final = MachineState()
"""A machine about which nothing is known: every profile applies in full."""


def learn(machine: MachineState, stats: Stats) -> MachineState:
    """Return the machine with the speed of a finished request added to its lane."""
    speed = machine.lane_speed(stats.lane)
    if stats.tokens_evaluated >= _MIN_PROMPT_TOKENS:
        rate = speed.prompt.with_sample(
            stats.tokens_evaluated, stats.prompt_ms, _LONG_PROMPT_TOKENS
        )
        speed = evolve(speed, prompt=rate)
    # What was drafted is decoded in fewer steps: that says nothing about the next answer.
    if stats.tokens_generated >= _MIN_ANSWER_TOKENS and not stats.tokens_drafted:
        rate = speed.decode.with_sample(
            stats.tokens_generated, stats.decode_ms, _LONG_ANSWER_TOKENS
        )
        speed = evolve(speed, decode=rate)
    return evolve(machine, lane_speeds={**machine.lane_speeds, stats.lane: speed})
