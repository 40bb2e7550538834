"""The router: a pure function from a task to its mode, lane and budget."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from attrs import evolve, frozen

from leanwide.modes.profile import Budget, Decision, Mode, Profile


class Task(enum.StrEnum):
    """What the user, or the editor for them, asked for."""

    INLINE_COMPLETION = "inline completion"
    EXPLAIN = "explain"
    REFACTOR = "refactor"
    DOCUMENT = "document"
    FIX = "fix"
    TEST = "test"


@frozen(kw_only=True)
class Signals:
    """What is known of the request when the router decides."""

    text_after_cursor: bool = False
    """Something other than closing brackets stands right of the cursor on its line."""
    thinks: bool = False
    """The model thinks before it answers."""
    lane_tokens: int | None = None
    """What the lane holds, prompt, thinking and answer together; None while it is not open."""


MODE_OF_TASK: Mapping[Task, Mode] = {
    Task.INLINE_COMPLETION: Mode.CODE,
    Task.EXPLAIN: Mode.THINK,
    Task.REFACTOR: Mode.THINK,
    Task.DOCUMENT: Mode.THINK,
    Task.FIX: Mode.THINK,
    Task.TEST: Mode.THINK,
}

_MIDDLE_OF_LINE_TOKENS = 24
"""A completion inside a line ends with the line at the latest: about its longest use."""
_SMALLEST_LANE = 4
"""Tokens; what is smaller cannot be divided into prompt, thinking and answer."""


def route(task: Task, signals: Signals, profiles: Mapping[Mode, Profile]) -> Decision:
    """Choose mode, lane and budget for a request; the budget never exceeds the mode's profile."""
    mode = MODE_OF_TASK[task]
    profile = profiles[mode]
    output, reason = profile.output_tokens, f"{task}: {mode}"
    if task is Task.INLINE_COMPLETION and signals.text_after_cursor:
        output = min(output, _MIDDLE_OF_LINE_TOKENS)
        reason = f"{reason}, short because text follows the cursor"
    budget = Budget(
        context_tokens=profile.context_tokens,
        output_tokens=output,
        thinking_tokens=profile.thinking_tokens if signals.thinks else 0,
        deadline_ms=profile.deadline_ms,
    )
    if signals.lane_tokens is not None:
        fitted = _fit(budget, max(_SMALLEST_LANE, signals.lane_tokens))
        if fitted != budget:
            reason = f"{reason}, narrowed to a lane of {signals.lane_tokens} tokens"
            budget = fitted
    return Decision(mode=mode, lane=profile.lane, budget=budget, reason=reason)


def _fit(budget: Budget, lane: int) -> Budget:
    """Divide a lane: what answer and thinking leave is the prompt's, and half of it in any case."""
    answer, thinking = budget.output_tokens, budget.thinking_tokens
    context = min(budget.context_tokens, max(lane // 2, lane - answer - thinking))
    left = lane - context
    answer = min(answer, left // 2 if thinking else left)
    return evolve(
        budget,
        context_tokens=context,
        output_tokens=answer,
        thinking_tokens=min(thinking, left - answer),
    )
