"""Run one edit: the question, the answer, one more attempt after a mistake, and a change or none.

What differs between refactor, document, fix and test is the :class:`Assignment`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from itertools import accumulate
from typing import Final

from attrs import evolve, field, frozen

from leanwide.context.surroundings import helpful_runs, run_lines, surroundings
from leanwide.engine.base import CancelToken
from leanwide.features.ask.answer_stream import Show
from leanwide.features.ask.ask import CodeAnswer, ask_for_code, canned_answer
from leanwide.features.ask.prepare import (
    PreparedQuestion,
    begin_question,
    expected_lane,
    follow_up,
    tokens_left,
    with_text,
)
from leanwide.features.ask.question_context import used_elsewhere
from leanwide.features.ask.selection import ResolvedSelection, context_without_code
from leanwide.features.edit.change import FileEdit, Mistake
from leanwide.features.edit.drafts import drafts
from leanwide.features.journal import Record
from leanwide.features.refusal import Refusal
from leanwide.features.session import Session
from leanwide.features.token_counter import TokenCounter
from leanwide.features.trained_languages import notify_untrained
from leanwide.modes.controller import answer_seconds
from leanwide.modes.machine import MachineState
from leanwide.modes.profile import Budget, Decision
from leanwide.modes.router import Signals, Task
from leanwide.postprocess.code import AnswerCode, code_in, text_in
from leanwide.postprocess.markdown import missing_fence
from leanwide.prompt.editing import retry_question
from leanwide.prompt.question import USUAL_FENCE, CodeContext
from leanwide.syntax import content

_MAX_TOKEN_CHARACTERS: Final = 32
"""Code with more characters than this for every token that fits is too long without counting."""
_EXAMPLE_SHARE: Final = 0.5
"""Share of the room besides the code that an example may take at most."""


@frozen(kw_only=True)
class Assignment:
    """What one edit command wants for one passage."""

    resolved: ResolvedSelection
    question: Callable[[CodeContext], str]
    """Words the question, from what is known of the code."""
    change: Callable[[str], FileEdit]
    """Returns a change made of the model's code; raises :class:`Refusal`. Runs in a thread."""
    fence: str = USUAL_FENCE
    """The fence that the answer's code is asked for in; a longer one if the code holds fences."""
    example: tuple[str, ...] = ()
    """Lines of another file, with LF endings, as a model of style; as many as fit are shown."""
    answer_tokens: Callable[[int], int] = lambda code: code + code // 4 + 64
    """Tokens of the answer, from those of the code: the lines again, and what is added."""
    max_code_tokens: Callable[[Budget], int] = field(default=lambda budget: budget.output_tokens)
    """Tokens of code that fit: as many as the answer, which repeats them, unless overridden."""

    def read(self, answer: str) -> AnswerCode:
        """Return the code of an answer."""
        return code_in(answer) if self.fence == USUAL_FENCE else text_in(answer, self.fence)


@frozen(kw_only=True)
class EditOutcome:
    """A change, or why there is none."""

    change: FileEdit | None
    markdown: str
    """Without a change: a sentence, and the model's answer; else ""."""
    records: tuple[Record, ...]
    """What it cost: one for each time that the model was asked."""


@frozen(kw_only=True)
class EditContext:
    """What one edit runs with."""

    task: Task
    session: Session
    cancel: CancelToken
    show: Show
    """Takes the model's answer while it is generated, for a client that shows it."""
    creates: bool = True
    """The editor can create files."""
    began: float = field(factory=time.monotonic)
    """Arrival of the request, in seconds of ``time.monotonic``."""


async def edit(assignment: Awaitable[Assignment], context: EditContext) -> EditOutcome:
    """Ask the model for code, and make a change of it; a mistake gets one more attempt.

    Args:
        assignment: What is wanted; it may raise :class:`Refusal`.
        context: What the edit runs with.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    try:
        assigned = await assignment
        question = await _prepare(assigned, context)
    except Refusal as refusal:
        answer = canned_answer(refusal, context.task, context.session, context.began, context.show)
        return EditOutcome(change=None, markdown=answer.markdown, records=(answer.record,))
    return await _attempt(question, assigned, context)


async def _prepare(assignment: Assignment, context: EditContext) -> PreparedQuestion:
    """Return the question of an assignment.

    Raises:
        Refusal: The code does not fit, or its answer would take too long.
        EngineError: The model cannot be loaded.
    """
    session, passage = context.session, assignment.resolved.passage
    signals = Signals(selection_lines=passage.last - passage.first)
    lane = expected_lane(context.task, signals, session)
    needed = assignment.answer_tokens(await _code_tokens(assignment.resolved, lane, session))
    signals = evolve(signals, answer_tokens=needed)
    question = await begin_question(context.task, signals, session, context.began)
    notify_untrained(assignment.resolved.view, question.decision.lane, session)
    _check_time(needed, question.decision, session.backend.machine)
    room = await tokens_left(question, session.backend)
    text = await _question_text(assignment, question.decision, room, session)
    likely = drafts(assignment.resolved, assignment.fence, text)
    return evolve(with_text(question, text), drafts=likely)


async def _code_tokens(resolved: ResolvedSelection, lane: str, session: Session) -> int:
    """Return the tokens of the passage; a lower bound where it is longer than any answer.

    Raises:
        EngineError: The model cannot be loaded.
    """
    await session.backend.engine.ready(lane)
    most = max(profile.output_tokens for profile in session.profiles.values())
    code = _code(resolved)
    if (least := sum(map(len, code)) // _MAX_TOKEN_CHARACTERS) > most:
        return least
    count = session.backend.counter(lane)
    await count.learn(code)
    return sum(map(count, code))


def _code(resolved: ResolvedSelection) -> list[str]:
    return [f"{content(line)}\n" for line in resolved.lines]


def _check_time(needed: int, decision: Decision, machine: MachineState) -> None:
    """Check that an answer of ``needed`` tokens ends before the deadline.

    Raises:
        Refusal: It does not; the sentence says what the user can do.
    """
    needed = min(needed, decision.budget.output_tokens)
    seconds = answer_seconds(needed, machine, decision.lane)
    limit = decision.budget.deadline_ms / 1000
    if seconds > limit:
        raise Refusal(
            f"This takes about {seconds:.0f} s on this machine, and an answer may take "
            f"{limit:g} s: select less, or raise modes.{decision.mode}.deadline_ms."
        )


async def _question_text(
    assignment: Assignment, decision: Decision, room: int, session: Session
) -> str:
    """Return the question: all of the code, and as much of what helps as fits into ``room`` tokens.

    Raises:
        Refusal: The code does not fit, of which nothing can be left out.
    """
    resolved, count = assignment.resolved, session.backend.counter(decision.lane)
    view, passage = resolved.view, resolved.passage
    context = evolve(context_without_code(resolved), fence=assignment.fence)
    frame = assignment.question(context)
    await count.learn((frame,))
    room -= count(frame)
    most = max(0, min(room, assignment.max_code_tokens(decision.budget)))
    code = _code(resolved)
    if sum(map(len, code)) <= _MAX_TOKEN_CHARACTERS * most:
        await count.learn(code)
    if (tokens := sum(map(count, code))) > most:
        raise Refusal(
            "This is too long to edit: "
            f"at most {most:,} tokens fit, and all are needed. Select less."
        )
    room -= tokens
    runs = await asyncio.to_thread(helpful_runs, passage, resolved.tree)
    await count.learn((*run_lines(view, runs), *assignment.example))
    example = _beginning(assignment.example, int(room * _EXAMPLE_SHARE), count)
    around = surroundings(view, runs, room - count(example), count)
    room -= count(example) + count(around)
    used = await used_elsewhere(resolved, room, count, session)
    return assignment.question(
        evolve(context, code="".join(code), around=around, example=example, elsewhere=used)
    )


def _beginning(lines: tuple[str, ...], room: int, count: TokenCounter) -> str:
    """Return the first lines, as many as fit into ``room`` tokens."""
    spent = accumulate(map(count, lines))
    return "".join(line for line, tokens in zip(lines, spent, strict=True) if tokens <= room)


async def _attempt(
    question: PreparedQuestion,
    assignment: Assignment,
    context: EditContext,
    earlier: tuple[Record, ...] = (),
) -> EditOutcome:
    """Ask, and make a change of the answer; only without ``earlier`` attempts is there another."""
    answer = await ask_for_code(
        question, assignment.read, context.session, context.cancel, context.show
    )
    records = (*earlier, answer.record)
    try:
        change = await _change(assignment, answer)
    except Mistake as mistake:
        text = retry_question(str(mistake))
        retry = None if earlier else await follow_up(question, answer.text, text, context.session)
        if retry is None:
            return _refused(mistake, answer, records, context.show)
        context.show(f"\n\n*{mistake} Once more:*\n\n")
        return await _attempt(retry, assignment, context, records)
    except Refusal as refusal:
        return _refused(refusal, answer, records, context.show)
    return EditOutcome(change=change, markdown="", records=records)


async def _change(assignment: Assignment, answer: CodeAnswer) -> FileEdit:
    """Return the change that an answer makes.

    Raises:
        Mistake: The answer cannot be used, and another attempt may correct it.
        Refusal: The answer cannot be used.
    """
    if answer.cut is not None:
        raise Refusal(f"The answer is not complete: {answer.cut}.")
    if answer.code:
        return await asyncio.to_thread(assignment.change, answer.code)
    if assignment.fence != USUAL_FENCE and answer.text.strip():
        raise Mistake(f"It does not stand between two lines of {assignment.fence}.")
    raise Refusal("The model gave no code.")


def _refused(
    refusal: Refusal, answer: CodeAnswer, records: tuple[Record, ...], show: Show
) -> EditOutcome:
    """Say why there is no change; the outcome keeps the model's answer, so that it is not lost."""
    show(f"{missing_fence(answer.text)}\n\n*{refusal}*")
    said = f"\n\n{answer.text}{missing_fence(answer.text)}" if answer.text.strip() else ""
    return EditOutcome(change=None, markdown=f"{refusal}{said}", records=records)
