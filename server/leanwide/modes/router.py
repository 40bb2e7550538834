"""The router: a pure function from a task and its signals to mode, lane and budget.

Every limit is worked out from the profile on its own, and the budget is the smallest of them: so no
limit can give back what another one took, and more speed or room never gives less.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from attrs import evolve, frozen

from leanwide.modes.controller import afford, afford_prompt, leave_time, spare
from leanwide.modes.difficulty import Difficulty, DifficultyLevel
from leanwide.modes.machine import UNKNOWN, MachineState
from leanwide.modes.profile import Budget, Decision, Mode, Profile


class Task(enum.StrEnum):
    """What the user, or the editor for them, asked for."""

    INLINE_COMPLETION = "inline completion"
    EXPLAIN = "explain"
    CHAT = "chat"
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
    selection_lines: int | None = None
    """Lines of code that the question is about; None where it is about none in particular."""
    answer_tokens: int = 0
    """What the answer needs: an edit says its lines again. Neither the selection nor the machine
    takes from that; 0 where it may be as short as it likes."""
    read_tokens: int = 0
    """What of the prompt the lane has read already: it takes no time."""
    difficulty: Difficulty | None = None
    """How hard a chat's question is; None: nobody looked."""
    pinned: Mode | None = None
    """The mode that the user wants for everything, whatever the task."""
    machine: MachineState = UNKNOWN
    """How fast it is, its battery and its memory."""
    waits_for_prompt: bool = False
    """A completion's prompt has to be read while somebody waits."""


MODE_OF_TASK: Mapping[Task, Mode] = {
    Task.INLINE_COMPLETION: Mode.CODE,
    Task.EXPLAIN: Mode.THINK,
    Task.CHAT: Mode.DIALOG,
    Task.REFACTOR: Mode.THINK,
    Task.DOCUMENT: Mode.THINK,
    Task.FIX: Mode.THINK,
    Task.TEST: Mode.THINK,
}

_MIDDLE_OF_LINE_TOKENS: Final = 24
"""A completion inside a line ends with the line at the latest: about its longest use."""
_SMALLEST_LANE: Final = 4
"""Tokens; what is smaller cannot be divided into prompt, thinking and answer."""
_TOKENS_A_QUESTION: Final = 384
"""Thinking, and answer, that a question about no code at all may need."""
_TOKENS_A_LINE: Final = 32
"""Thinking, and answer, that each line of code adds: to quote it, change it and say a sentence."""


def route(task: Task, signals: Signals, profiles: Mapping[Mode, Profile]) -> Decision:
    """Choose mode, lane and budget for a request; the budget never exceeds the mode's profile."""
    mode, why = _mode(task, signals)
    profile = profiles[mode]
    whole = Budget(
        context_tokens=profile.context_tokens,
        output_tokens=profile.output_tokens,
        thinking_tokens=profile.thinking_tokens if signals.thinks else 0,
        deadline_ms=profile.deadline_ms,
    )
    lane = profile.lane
    reasons = [f"{task}: {why}"]
    if mode is Mode.DIALOG and _level(signals) is DifficultyLevel.TRIVIAL:
        lean = profiles[Mode.CODE]
        lane, context = lean.lane, min(whole.context_tokens, lean.context_tokens)
        whole = evolve(whole, context_tokens=context, thinking_tokens=0)
    budget = whole
    limits = (
        _for_typing(whole, task, profiles[Mode.CODE]),
        _for_the_cursor(whole, task, signals),
        _for_the_selection(whole, signals),
        _for_the_machine(whole, task, signals, lane),
    )
    for limit, reason in limits:
        budget = _smaller(budget, limit)
        if reason:
            reasons.append(reason)
    needed = min(signals.answer_tokens, whole.output_tokens)
    if needed and task is not Task.INLINE_COMPLETION:
        budget = evolve(budget, output_tokens=max(budget.output_tokens, needed))
        budget = leave_time(budget, signals.machine, lane)
    limit, reason = _for_the_lane(whole, signals)
    budget = _smaller(budget, limit)
    if reason:
        reasons.append(reason)
    return Decision(mode=mode, lane=lane, budget=budget, reason=", ".join(reasons))


def _mode(task: Task, signals: Signals) -> tuple[Mode, str]:
    """The mode, and how it came to be."""
    if signals.pinned is not None:
        return signals.pinned, f"{signals.pinned}, pinned"
    mode = MODE_OF_TASK[task]
    if mode is not Mode.DIALOG or signals.difficulty is None:
        return mode, mode
    level, sign = signals.difficulty.level, signals.difficulty.reason
    if level is DifficultyLevel.HARD:
        return Mode.THINK, f"{Mode.THINK}, a hard question because {sign}"
    if level is DifficultyLevel.TRIVIAL:
        return mode, f"{mode} on the lane of {Mode.CODE}, a trivial question because {sign}"
    return mode, mode


def _level(signals: Signals) -> DifficultyLevel:
    """The question's level; a pinned mode is not dropped to another lane."""
    if signals.difficulty is None or signals.pinned is not None:
        return DifficultyLevel.ORDINARY
    return signals.difficulty.level


def _smaller(one: Budget, other: Budget) -> Budget:
    """The smaller of each."""
    return Budget(
        context_tokens=min(one.context_tokens, other.context_tokens),
        output_tokens=min(one.output_tokens, other.output_tokens),
        thinking_tokens=min(one.thinking_tokens, other.thinking_tokens),
        deadline_ms=min(one.deadline_ms, other.deadline_ms),
    )


def _for_typing(whole: Budget, task: Task, code: Profile) -> tuple[Budget, str]:
    """A completion is as short and as quick in a pinned mode as in its own."""
    if task is not Task.INLINE_COMPLETION:
        return whole, ""
    output = min(whole.output_tokens, code.output_tokens)
    deadline = min(whole.deadline_ms, code.deadline_ms)
    return evolve(whole, output_tokens=output, deadline_ms=deadline), ""


def _for_the_machine(whole: Budget, task: Task, signals: Signals, lane: str) -> tuple[Budget, str]:
    if task is Task.INLINE_COMPLETION:
        spared, why = spare(whole, signals.machine)
        if not signals.waits_for_prompt:
            return spared, why
        return afford_prompt(spared, signals.machine, lane), why
    fitted, reason = afford(whole, signals.machine, lane)
    context = min(whole.context_tokens, fitted.context_tokens + max(0, signals.read_tokens))
    return evolve(fitted, context_tokens=context), reason


def _for_the_cursor(whole: Budget, task: Task, signals: Signals) -> tuple[Budget, str]:
    if task is not Task.INLINE_COMPLETION or not signals.text_after_cursor:
        return whole, ""
    output = min(whole.output_tokens, _MIDDLE_OF_LINE_TOKENS)
    return evolve(whole, output_tokens=output), "short because text follows the cursor"


def _for_the_selection(whole: Budget, signals: Signals) -> tuple[Budget, str]:
    if signals.selection_lines is None:
        return whole, ""
    most = _TOKENS_A_QUESTION + _TOKENS_A_LINE * max(0, signals.selection_lines)
    fitted = evolve(
        whole,
        output_tokens=min(whole.output_tokens, most),
        thinking_tokens=min(whole.thinking_tokens, most),
    )
    if fitted == whole:
        return whole, ""
    return fitted, f"at most {most} tokens about {signals.selection_lines} lines"


def _for_the_lane(whole: Budget, signals: Signals) -> tuple[Budget, str]:
    """Divide a lane: what answer and thinking leave is the prompt's, and half of it in any case."""
    if signals.lane_tokens is None:
        return whole, ""
    lane = max(_SMALLEST_LANE, signals.lane_tokens)
    answer, thinking = whole.output_tokens, whole.thinking_tokens
    context = min(whole.context_tokens, max(lane // 2, lane - answer - thinking))
    left = lane - context
    answer = min(answer, left // 2 if thinking else left)
    fitted = evolve(
        whole,
        context_tokens=context,
        output_tokens=answer,
        thinking_tokens=min(thinking, left - answer),
    )
    if fitted == whole:
        return whole, ""
    return fitted, f"{context:,} tokens of context, because the lane holds {signals.lane_tokens:,}"
