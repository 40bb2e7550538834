"""The adaptive controller: the most context and depth with which this machine is in time. Pure.

Depth is thinking and answer together. Both are narrowed in a few steps, so that neither changes
from request to request. Depth is never below a quarter of the profile: less is of no use, and the
deadline ends the answer anyway. A prompt may get less: what is not read in time keeps all waiting.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Final

from attrs import evolve

from leanwide.modes.machine import MachineState
from leanwide.modes.profile import Budget

STEPS: Final = (Fraction(1), Fraction(3, 4), Fraction(1, 2), Fraction(3, 8), Fraction(1, 4))
"""Shares of a profile that a request may get, largest first."""
_READING_STEPS: Final = (*STEPS, *(Fraction(1, 2**power) for power in range(3, 7)), Fraction(0))
"""The same for a prompt that has to be read before anything is said: nothing is in time at last."""

_COMPLETION_STEPS: Final = (384, 512)
"""Tokens that may have to be read while somebody waits for a completion. With fewer than the least
answers get worse (docs/performance.md, places); more than the most are not worth the wait: the rest
is read when nobody does."""
_COMPLETION_SHARE: Final = 0.5
"""Of a completion's deadline, for reading its prompt."""
ON_BATTERY: Final = Fraction(3, 4)
"""Most of a profile on battery: evaluating and decoding are what costs energy."""
LOW_BATTERY: Final = Fraction(1, 2)
"""Most of a profile when the battery is low."""
MEMORY_SHORT: Final = Fraction(1, 2)
"""Most of a profile when memory is short: a shorter prompt touches less of the KV cache."""


def afford(budget: Budget, machine: MachineState, lane: str) -> tuple[Budget, str]:
    """Give what the machine affords of a budget on a lane, and why it is less; "" where it is not.

    A slower machine never gets more of anything, and a machine that is not known gets all.
    """
    context, depth = _in_time(budget, machine, lane)
    return _narrowed(budget, context, depth, machine)


def spare(budget: Budget, machine: MachineState) -> tuple[Budget, str]:
    """Return what battery and memory allow of a budget, and why it is less; "" where it is not."""
    return _narrowed(budget, Fraction(1), Fraction(1), machine)


def leave_time(budget: Budget, machine: MachineState, lane: str) -> Budget:
    """Give a budget whose thinking leaves the time that all of its answer takes."""
    per_second = machine.pace(lane).decode.settled
    if not per_second:
        return budget
    left = int(per_second * budget.deadline_ms / 1000) - budget.output_tokens
    return evolve(budget, thinking_tokens=max(0, min(budget.thinking_tokens, left)))


def answer_seconds(tokens: int, machine: MachineState, lane: str) -> float:
    """Give how long an answer of so many tokens takes; 0 where the speed is not known."""
    return _seconds(tokens, machine.pace(lane).decode.settled)


def afford_prompt(budget: Budget, machine: MachineState, lane: str) -> Budget:
    """Return a budget whose prompt is read while somebody waits for the first token of its answer.

    The answer is shown while it grows, so its length costs nothing.
    """
    speed = machine.pace(lane).prompt.settled or 0.0  # careful while it is not known
    in_time = speed * budget.deadline_ms / 1000 * _COMPLETION_SHARE
    tokens = max(step for step in _COMPLETION_STEPS if step <= max(in_time, _COMPLETION_STEPS[0]))
    return evolve(budget, context_tokens=min(budget.context_tokens, tokens))


def _narrowed(
    budget: Budget, context: Fraction, depth: Fraction, machine: MachineState
) -> tuple[Budget, str]:
    """Give these shares of a budget, or what battery and memory allow, and the reason."""
    most, why_most = _most(machine)
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
    return narrowed, f"{_in_words(budget, narrowed)}, {' and '.join(reasons)}"


def _in_words(whole: Budget, narrowed: Budget) -> str:
    """Say what of a budget is left."""
    parts = (
        (narrowed.context_tokens, whole.context_tokens, "context"),
        (narrowed.output_tokens, whole.output_tokens, "answer"),
    )
    return " and ".join(
        f"{left:,} of {all_:,} tokens of {what}" for left, all_, what in parts if left < all_
    )


def _in_time(budget: Budget, machine: MachineState, lane: str) -> tuple[Fraction, Fraction]:
    """Shares of context and depth that meet the deadline.

    Each may take what the other leaves of it, and half of it in any case.
    """
    pace = machine.pace(lane)
    deadline = budget.deadline_ms / 1000
    prompt = _seconds(budget.context_tokens, pace.prompt.settled)
    decode = _seconds(budget.output_tokens + budget.thinking_tokens, pace.decode.settled)
    return (
        _share(prompt, max(deadline / 2, deadline - decode), _READING_STEPS),
        _share(decode, max(deadline / 2, deadline - prompt)),
    )


def _seconds(tokens: int, per_second: float | None) -> float:
    """Time that so many tokens take; none where the speed is not known."""
    return tokens / per_second if per_second else 0.0


def _share(needed: float, available: float, steps: Sequence[Fraction] = STEPS) -> Fraction:
    """The largest step of work that needs so many seconds; the smallest where none is in time."""
    return next((step for step in steps if needed * float(step) <= available), steps[-1])


def _most(machine: MachineState) -> tuple[Fraction, str]:
    """The largest share that battery and memory allow, and why it is not all."""
    limits = [(Fraction(1), "")]
    if machine.on_battery:
        limits.append(
            (LOW_BATTERY, "on a low battery") if machine.battery_low else (ON_BATTERY, "on battery")
        )
    if machine.memory_short:
        limits.append((MEMORY_SHORT, "while memory is short"))
    return min(limits, key=lambda limit: limit[0])
