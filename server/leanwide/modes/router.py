"""The router: a pure function from a task and its signals to mode, lane and budget.

:func:`limit_prefill` decides how much of a completion's prompt may be prefilled while it waits.

Every limit is computed from the profile by itself, and the budget is the smallest of them. So no
limit can return tokens that another one took, and more speed or room never means less.

How many experts run follows from the lane: that is where the number is set
(``configs/default.toml``), and it is fitted to the model at the load (``models/expert_count.py``).
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

from attrs import evolve, frozen

from leanwide.modes.difficulty import Difficulty, DifficultyLevel
from leanwide.modes.machine import (
    UNKNOWN,
    MachineState,
    answer_seconds,
    fit_to_machine,
    fit_to_power,
    reserve_answer_time,
)
from leanwide.modes.profile import Budget, Decision, EditForm, Mode, Profile


class Task(enum.StrEnum):
    """What the user or the editor requests."""

    INLINE_COMPLETION = "inline completion"
    NEXT_EDIT = "next edit"
    EXPLAIN = "explain"
    CHAT = "chat"
    REFACTOR = "refactor"
    INSERT = "insert"
    DOCUMENT = "document"
    FIX = "fix"
    TEST = "test"


@frozen(kw_only=True)
class Signals:
    """What the router knows about a request."""

    text_after_cursor: bool = False
    """Whether text other than closing brackets is right of the cursor on its line."""
    thinks: bool = False
    """Whether the model thinks before it answers."""
    lane_tokens: int | None = None
    """Context of the lane for prompt, thinking and answer together; None while it is closed."""
    selection_lines: int | None = None
    """Lines of code that the question is about; None where it is about none in particular."""
    answer_tokens: int = 0
    """Tokens that the answer needs, as an edit repeats its lines: neither the selection nor the
    machine reduces them. 0 where any length will do."""
    code_tokens: int = 0
    """Tokens of the code that the answer repeats; 0 where it repeats none."""
    divisible: bool = False
    """The answer may be the changed pieces of the code alone."""
    read_tokens: int = 0
    """Prompt tokens that the lane's KV cache already has: they take no time."""
    difficulty: Difficulty | None = None
    """How hard a chat question is; None where that is not known."""
    pinned: Mode | None = None
    """The mode that the user has pinned for every task."""
    machine: MachineState = UNKNOWN
    """Its speed, battery and memory."""


MODE_OF_TASK: Mapping[Task, Mode] = {
    Task.INLINE_COMPLETION: Mode.CODE,
    Task.NEXT_EDIT: Mode.CODE,
    Task.EXPLAIN: Mode.THINK,
    Task.CHAT: Mode.DIALOG,
    Task.REFACTOR: Mode.THINK,
    Task.INSERT: Mode.THINK,
    Task.DOCUMENT: Mode.THINK,
    Task.FIX: Mode.THINK,
    Task.TEST: Mode.THINK,
}

_MIDDLE_OF_LINE_TOKENS: Final = 24
"""Output tokens of a completion inside a line, which ends with the line at the latest."""
_WAITED_PROMPT_STEPS: Final = (384, 512)
"""Prompt tokens of a completion that the user waits for, if they are not in the KV cache. With
fewer than 384, suggestions get worse (docs/measurements.md, places); more than 512 are not worth
the wait: the rest is prefilled while idle."""
_WAITED_PROMPT_SHARE: Final = 0.5
"""Share of a completion's deadline for the prefill of its prompt."""
_FRAME_TOKENS: Final = 256
"""Tokens of a question for an edit besides its code, roughly."""
_PIECES_TOKENS: Final = 512
"""Tokens for a few changed pieces with the lines that they replace."""
MIN_PIECES_TOKENS: Final = 128
"""With fewer tokens of answer it is not worth while to ask for pieces."""
_MIN_LANE_TOKENS: Final = 4
"""A smaller lane cannot be divided into prompt, thinking and answer."""
_QUESTION_TOKENS: Final = 384
"""Tokens of thinking, and of answer, that a question without any code may need."""
_LINE_TOKENS: Final = 32
"""Tokens of thinking, and of answer, per line of code: to quote it, change it and explain it."""


def route(task: Task, signals: Signals, profiles: Mapping[Mode, Profile]) -> Decision:
    """Return mode, lane and budget for a request; the budget never exceeds the mode's profile.

    An edit whose code does not fit to be written again is answered in changed pieces.
    """
    mode, why = _mode(task, signals)
    lane, whole = _lane(mode, signals, profiles)
    budget, reasons = whole, [f"{task}: {why}"]
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
        budget = reserve_answer_time(budget, signals.machine, lane)
    limit, reason = _for_the_lane(whole, signals)
    budget = _smaller(budget, limit)
    if reason:
        reasons.append(reason)
    decision = Decision(mode=mode, lane=lane, budget=budget, reason=", ".join(reasons))
    return _in_pieces(decision, task, signals, profiles) if signals.divisible else decision


def _in_pieces(
    whole: Decision, task: Task, signals: Signals, profiles: Mapping[Mode, Profile]
) -> Decision:
    """Return the decision for changed pieces of code, where ``whole`` code cannot be written."""
    why = _why_in_pieces(signals, whole)
    if not why or whole.budget.output_tokens < MIN_PIECES_TOKENS:
        return whole
    needed = min(signals.answer_tokens, _PIECES_TOKENS)
    decision = route(task, evolve(signals, answer_tokens=needed, divisible=False), profiles)
    reason = f"{decision.reason}, answered in changed pieces: {why}"
    return evolve(decision, reason=reason, form=EditForm.PIECES)


def _why_in_pieces(signals: Signals, decision: Decision) -> str:
    """Return why code cannot be written again, a part of a sentence; "" if it can."""
    budget = decision.budget
    lines = f"{signals.selection_lines or 0:,} lines"
    most = min(budget.output_tokens, budget.context_tokens - _FRAME_TOKENS)
    if signals.code_tokens > most:
        return f"{lines} do not fit to be written again"
    needed = min(signals.answer_tokens, budget.output_tokens)
    if answer_seconds(needed, signals.machine, decision.lane) > budget.deadline_ms / 1000:
        return f"{lines} take longer than {budget.deadline_ms / 1000:g} s to be written again"
    return ""


def limit_prefill(decision: Decision, machine: MachineState) -> Decision:
    """Return the decision for a completion that waits for the prefill of its prompt.

    Its context is as many tokens as the machine prefills in time, and the least while its speed is
    unknown. Only what is not in the KV cache counts: what is costs no time. The answer keeps its
    length: it is shown while it grows.
    """
    budget, speed = decision.budget, machine.lane_speed(decision.lane).prompt.settled or 0.0
    in_time = speed * budget.deadline_ms / 1000 * _WAITED_PROMPT_SHARE
    least, *longer = _WAITED_PROMPT_STEPS
    tokens = max([least, *(step for step in longer if step <= in_time)])
    limited = evolve(budget, context_tokens=min(budget.context_tokens, tokens))
    return evolve(decision, budget=limited)


def _lane(mode: Mode, signals: Signals, profiles: Mapping[Mode, Profile]) -> tuple[str, Budget]:
    """Return the lane, and the mode's whole budget on it."""
    profile = profiles[mode]
    whole = Budget(
        context_tokens=profile.context_tokens,
        output_tokens=profile.output_tokens,
        thinking_tokens=profile.thinking_tokens if signals.thinks else 0,
        deadline_ms=profile.deadline_ms,
    )
    is_trivial = (
        signals.pinned is None  # a pinned mode keeps its lane
        and signals.difficulty is not None
        and signals.difficulty.level is DifficultyLevel.TRIVIAL
    )
    if mode is not Mode.DIALOG or not is_trivial:
        return profile.lane, whole
    code = profiles[Mode.CODE]
    context = min(whole.context_tokens, code.context_tokens)
    return code.lane, evolve(whole, context_tokens=context, thinking_tokens=0)


def _mode(task: Task, signals: Signals) -> tuple[Mode, str]:
    """Return the mode, and the reason in words."""
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


def _smaller(budget: Budget, limit: Budget) -> Budget:
    """Return the smaller value of each field."""
    return Budget(
        context_tokens=min(budget.context_tokens, limit.context_tokens),
        output_tokens=min(budget.output_tokens, limit.output_tokens),
        thinking_tokens=min(budget.thinking_tokens, limit.thinking_tokens),
        deadline_ms=min(budget.deadline_ms, limit.deadline_ms),
    )


def _for_typing(whole: Budget, task: Task, code: Profile) -> tuple[Budget, str]:
    """Limit a completion in a pinned mode to the answer and deadline of its own mode."""
    if task is not Task.INLINE_COMPLETION:
        return whole, ""
    output = min(whole.output_tokens, code.output_tokens)
    deadline = min(whole.deadline_ms, code.deadline_ms)
    return evolve(whole, output_tokens=output, deadline_ms=deadline), ""


def _for_the_machine(whole: Budget, task: Task, signals: Signals, lane: str) -> tuple[Budget, str]:
    if MODE_OF_TASK[task] is Mode.CODE:
        return fit_to_power(whole, signals.machine)
    fitted, reason = fit_to_machine(whole, signals.machine, lane)
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
    most = _QUESTION_TOKENS + _LINE_TOKENS * max(0, signals.selection_lines)
    fitted = evolve(
        whole,
        output_tokens=min(whole.output_tokens, most),
        thinking_tokens=min(whole.thinking_tokens, most),
    )
    if fitted == whole:
        return whole, ""
    return fitted, f"at most {most} tokens about {signals.selection_lines} lines"


def _for_the_lane(whole: Budget, signals: Signals) -> tuple[Budget, str]:
    """Divide a lane: the prompt gets what answer and thinking leave, and at least half."""
    if signals.lane_tokens is None:
        return whole, ""
    lane = max(_MIN_LANE_TOKENS, signals.lane_tokens)
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
