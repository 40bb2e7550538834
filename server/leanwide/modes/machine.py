"""The state of this machine, and what it leaves of a budget. Pure.

The state is the speed of each lane, the battery and the memory.

Speeds are learned from finished requests. One measurement tells little: the weights may have been
on disk, or a core busy. So the median of the last ones counts, and the speed that the router sees
changes only when the median clearly differs: a window that changes with every request would cost a
prefill of the whole prompt each time.

A budget is context and depth; depth is thinking and answer together. Both are narrowed in a few
steps, so that they do not change from request to request. Depth is never below a quarter of the
profile: less is useless, and the deadline ends the answer anyway. A prompt may get less, because
nothing is shown before its prefill ends.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

from attrs import evolve, field, frozen

from leanwide.engine.requests import Stats
from leanwide.modes.profile import Budget

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

_STEPS: Final = (Fraction(1), Fraction(3, 4), Fraction(1, 2), Fraction(3, 8), Fraction(1, 4))
"""Shares of a profile that a request may get, largest first."""
_PREFILL_STEPS: Final = (*_STEPS, *(Fraction(1, 2**power) for power in range(3, 7)), Fraction(0))
"""The same for the context, down to nothing where no prefill meets the deadline."""

_ON_BATTERY: Final = Fraction(3, 4)
"""Share of a profile on battery, at most: prefill and decoding cost energy."""
_LOW_BATTERY: Final = Fraction(1, 2)
"""Share of a profile on a low battery, at most."""
_MEMORY_SHORT: Final = Fraction(1, 2)
"""Share of a profile when memory is short, at most: a short prompt uses less of the KV cache."""


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


def fit_to_machine(budget: Budget, machine: MachineState, lane: str) -> tuple[Budget, str]:
    """Return the part of a budget that meets its deadline on a lane, and why it is less or "".

    Battery and memory count as well. A slower machine never gets more of anything, and an unknown
    one gets all.
    """
    speed = machine.lane_speed(lane)
    deadline = budget.deadline_ms / 1000
    prompt = _seconds(budget.context_tokens, speed.prompt.settled)
    decode = _seconds(budget.output_tokens + budget.thinking_tokens, speed.decode.settled)
    # Each may take the time that the other leaves, and half of the deadline in any case.
    context = _share(prompt, max(deadline / 2, deadline - decode), _PREFILL_STEPS)
    depth = _share(decode, max(deadline / 2, deadline - prompt))
    return _narrowed(budget, context, depth, machine)


def fit_to_power(budget: Budget, machine: MachineState) -> tuple[Budget, str]:
    """Return the part of a budget that battery and memory allow, and why it is less or ""."""
    return _narrowed(budget, Fraction(1), Fraction(1), machine)


def reserve_answer_time(budget: Budget, machine: MachineState, lane: str) -> Budget:
    """Return a budget whose thinking leaves enough time for the whole answer."""
    per_second = machine.lane_speed(lane).decode.settled
    if not per_second:
        return budget
    left = int(per_second * budget.deadline_ms / 1000) - budget.output_tokens
    return evolve(budget, thinking_tokens=max(0, min(budget.thinking_tokens, left)))


def answer_seconds(tokens: int, machine: MachineState, lane: str) -> float:
    """Return the seconds that an answer of ``tokens`` takes; 0 while the speed is unknown."""
    return _seconds(tokens, machine.lane_speed(lane).decode.settled)


def _narrowed(
    budget: Budget, context: Fraction, depth: Fraction, machine: MachineState
) -> tuple[Budget, str]:
    """Return these shares of a budget, or what battery and memory allow, and the reason."""
    most, why_most = _power_limit(machine)
    reasons = []
    if min(context, depth, most) < 1 and min(context, depth) <= most:
        reasons.append(f"to answer within {budget.deadline_ms / 1000:g} s")
    if most < max(context, depth):
        reasons.append(why_most)
    context, depth = min(context, most), min(depth, most)
    if not reasons:
        return budget, ""
    narrowed = evolve(
        budget,
        context_tokens=max(1, int(budget.context_tokens * context)),
        output_tokens=max(1, int(budget.output_tokens * depth)),
        thinking_tokens=int(budget.thinking_tokens * depth),
    )
    return narrowed, f"{_remaining(budget, narrowed)}, {' and '.join(reasons)}"


def _remaining(whole: Budget, narrowed: Budget) -> str:
    """Return in words what is left of a budget."""
    parts = (
        (narrowed.context_tokens, whole.context_tokens, "context"),
        (narrowed.output_tokens, whole.output_tokens, "answer"),
    )
    return " and ".join(
        f"{left:,} of {all_:,} tokens of {what}" for left, all_, what in parts if left < all_
    )


def _seconds(tokens: int, per_second: float | None) -> float:
    """Return the seconds that ``tokens`` take; 0 while the speed is unknown."""
    return tokens / per_second if per_second else 0.0


def _share(needed: float, available: float, steps: Sequence[Fraction] = _STEPS) -> Fraction:
    """Return the largest share of ``needed`` seconds that fits; the smallest where none does."""
    return next((step for step in steps if needed * float(step) <= available), steps[-1])


def _power_limit(machine: MachineState) -> tuple[Fraction, str]:
    """Return the largest share that battery and memory allow, and why it is not all."""
    limits = [(Fraction(1), "")]
    if machine.on_battery and machine.battery_low:
        limits.append((_LOW_BATTERY, "on a low battery"))
    elif machine.on_battery:
        limits.append((_ON_BATTERY, "on battery"))
    if machine.memory_short:
        limits.append((_MEMORY_SHORT, "while memory is short"))
    return min(limits, key=lambda limit: limit[0])
