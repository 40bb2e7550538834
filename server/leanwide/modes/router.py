"""The router: a pure function from a task to its mode, lane and budget."""

from __future__ import annotations

import enum
from collections.abc import Mapping

from attrs import frozen

from leanwide.modes.profile import Budget, Decision, Mode, Profile


class Task(enum.StrEnum):
    """What the user, or the editor for them, asked for."""

    INLINE_COMPLETION = "inline completion"


@frozen(kw_only=True)
class Signals:
    """What is known of the request when the router decides."""

    text_after_cursor: bool
    """Something other than closing brackets stands right of the cursor on its line."""


MODE_OF_TASK: Mapping[Task, Mode] = {Task.INLINE_COMPLETION: Mode.CODE}

_MIDDLE_OF_LINE_TOKENS = 24
"""A completion inside a line ends with the line at the latest: about its longest use."""


def route(task: Task, signals: Signals, profiles: Mapping[Mode, Profile]) -> Decision:
    """Choose mode, lane and budget for a request; the budget never exceeds the mode's profile."""
    mode = MODE_OF_TASK[task]
    profile = profiles[mode]
    output, reason = profile.output_tokens, f"{task}: {mode}"
    if signals.text_after_cursor:
        output = min(output, _MIDDLE_OF_LINE_TOKENS)
        reason = f"{reason}, short because text follows the cursor"
    budget = Budget(
        context_tokens=profile.context_tokens,
        output_tokens=output,
        deadline_ms=profile.deadline_ms,
    )
    return Decision(mode=mode, lane=profile.lane, budget=budget, reason=reason)
