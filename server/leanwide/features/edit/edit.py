"""An edit that somebody asks for: the question, the answer, one more attempt, and a change or none.

What differs between refactor, document, fix and test is the :class:`Assignment`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from itertools import accumulate
from typing import Final

from attrs import evolve, field, frozen

from leanwide.context.surroundings import helpful, run_lines, surroundings
from leanwide.engine.base import CancelToken
from leanwide.features.ask.ask import (
    CodeAnswer,
    PreparedQuestion,
    Show,
    SkippedRequest,
    asked,
    ask_for_code,
    decide,
    followed,
    canned_answer,
    tokens_left,
)
from leanwide.features.ask.question_context import used_elsewhere
from leanwide.features.ask.selection import ResolvedSelection, context_without_code
from leanwide.features.edit.change import FileEdit, Mistake, Refusal
from leanwide.features.journal import Record
from leanwide.features.session import Session
from leanwide.features.token_counter import TokenCounter
from leanwide.features.trained_languages import notify_untrained
from leanwide.modes.controller import answer_seconds
from leanwide.modes.profile import Budget, Decision
from leanwide.modes.router import Signals, Task, route
from leanwide.postprocess.code import AnswerCode, code_in, text_in
from leanwide.postprocess.markdown import missing_fence
from leanwide.prompt.editing import retry_question
from leanwide.prompt.question import USUAL_FENCE, CodeContext
from leanwide.syntax import content

_LONGEST_TOKEN: Final = 32
"""Characters: code that is longer than this for every token that fits need not be counted."""
_EXAMPLE_SHARE: Final = 0.5
"""Most of the room beside the code that an example may take."""


@frozen(kw_only=True)
class Assignment:
    """What one edit command wants at one place."""

    found: ResolvedSelection
    question: Callable[[CodeContext], str]
    """Words the question, from what is known of the code."""
    change: Callable[[str], FileEdit]
    """Makes a change of the model's code; raises :class:`Refusal`. Runs in a thread."""
    fence: str = USUAL_FENCE
    """What the answer's code has to stand in; another than the usual one holds fences itself."""
    example: tuple[str, ...] = ()
    """Lines of another file, with LF endings, whose style is wanted; as many as have room."""
    needs: Callable[[int], int] = lambda code: code + code // 4 + 64
    """Tokens that the answer takes, for code of so many: the lines again, and what is added."""
    most_code: Callable[[Budget], int] = field(default=lambda budget: budget.output_tokens)
    """Tokens of code that may be asked about: the answer repeats it, unless this says otherwise."""

    def read(self, answer: str) -> AnswerCode:
        """Take the code out of an answer."""
        return code_in(answer) if self.fence == USUAL_FENCE else text_in(answer, self.fence)


@frozen(kw_only=True)
class EditOutcome:
    """A change, or why there is none."""

    change: FileEdit | None
    markdown: str
    """Where there is no change: a sentence, and what the model said; else ""."""
    records: tuple[Record, ...]
    """What it cost: one for each time that the model was asked."""


@frozen(kw_only=True)
class EditContext:
    """Where one edit is worked on."""

    task: Task
    session: Session
    cancel: CancelToken
    show: Show
    """Takes what the model says while it comes, for somebody who watches."""
    creates: bool = True
    """The editor can create files."""
    began: float = field(factory=time.monotonic)
    """Arrival of the request, in seconds of ``time.monotonic``."""


def no_change(sentence: str, desk: EditContext) -> EditOutcome:
    """Give a sentence in place of a change; the model is not asked."""
    signals = Signals(pinned=desk.session.pinned)
    silence = SkippedRequest(route(desk.task, signals, desk.session.profiles), desk.began)
    answer = canned_answer(sentence, silence, desk.session, desk.show)
    return EditOutcome(change=None, markdown=answer.markdown, records=(answer.record,))


async def edit(assignment: Assignment, desk: EditContext) -> EditOutcome:
    """Ask the model for code, and make a change of it; a mistake gets one more attempt.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    session = desk.session
    passage = assignment.found.passage
    needed = assignment.needs(await _code_tokens(assignment.found, desk))
    known = Signals(selection_lines=passage.last - passage.first, answer_tokens=needed)
    decision, conversation = await decide(desk.task, session.texts[desk.task], session, known)
    notify_untrained(assignment.found.view, session)
    if why := _why_not_in_time(needed, decision, session):
        return no_change(why, desk)
    room = await tokens_left(decision.budget, conversation, session)
    try:
        text = await _question_text(assignment, decision.budget, room, session)
    except Refusal as refusal:
        return no_change(str(refusal), desk)
    question = PreparedQuestion(
        decision=decision, conversation=asked(text, conversation), began=desk.began
    )
    return await _attempt(question, assignment, desk)


async def _code_tokens(found: ResolvedSelection, desk: EditContext) -> int:
    """Tokens of the passage; a lower bound where it is longer than any answer.

    Raises:
        EngineError: The model cannot be loaded.
    """
    await desk.session.backend.engine.ready()
    most = max(profile.output_tokens for profile in desk.session.profiles.values())
    code = _code(found)
    if (least := sum(map(len, code)) // _LONGEST_TOKEN) > most:
        return least
    await desk.session.backend.counter.learn(code)
    return sum(map(desk.session.backend.counter, code))


def _code(found: ResolvedSelection) -> list[str]:
    lines = found.view.lines[found.passage.first : found.passage.last]
    return [f"{content(line)}\n" for line in lines]


def _why_not_in_time(needed: int, decision: Decision, session: Session) -> str:
    """Say that the answer cannot be whole when its time is over, and what to do; "" if it can."""
    needed = min(needed, decision.budget.output_tokens)
    takes = answer_seconds(needed, session.backend.machine, decision.lane)
    limit = decision.budget.deadline_ms / 1000
    if takes <= limit:
        return ""
    return (
        f"This takes about {takes:.0f} s on this machine, and an answer may take {limit:g} s: "
        f"select less, or raise modes.{decision.mode}.deadline_ms."
    )


async def _question_text(
    assignment: Assignment, budget: Budget, room: int, session: Session
) -> str:
    """What the model is asked: all of the code, and of what helps as much as has room.

    Raises:
        Refusal: The code has no room, of which nothing can be left out.
    """
    view, passage, count = assignment.found.view, assignment.found.passage, session.backend.counter
    about = evolve(context_without_code(assignment.found), fence=assignment.fence)
    frame = assignment.question(about)
    await count.learn((frame,))
    room -= count(frame)
    most = max(0, min(room, assignment.most_code(budget)))
    code = _code(assignment.found)
    if sum(map(len, code)) <= _LONGEST_TOKEN * most:
        await count.learn(code)
    if (tokens := sum(map(count, code))) > most:
        raise Refusal(
            "This is too long to edit: "
            f"at most {most:,} tokens fit, and all are needed. Select less."
        )
    room -= tokens
    runs = await asyncio.to_thread(helpful, passage, assignment.found.tree)
    await count.learn((*run_lines(view, runs), *assignment.example))
    example = _beginning(assignment.example, int(room * _EXAMPLE_SHARE), count)
    around = surroundings(view, runs, room - count(example), count)
    room -= count(example) + count(around)
    elsewhere = await used_elsewhere(assignment.found, room, session)
    about = evolve(about, code="".join(code), around=around, example=example, elsewhere=elsewhere)
    return assignment.question(about)


def _beginning(lines: tuple[str, ...], room: int, count: TokenCounter) -> str:
    """The first of the lines, as many as have room."""
    spent = accumulate(map(count, lines))
    return "".join(line for line, tokens in zip(lines, spent, strict=True) if tokens <= room)


async def _attempt(
    question: PreparedQuestion,
    assignment: Assignment,
    desk: EditContext,
    earlier: tuple[Record, ...] = (),
) -> EditOutcome:
    told = await ask_for_code(question, assignment.read, desk.session, desk.cancel, desk.show)
    records = (*earlier, told.record)
    try:
        change = await _change(assignment, told)
    except Mistake as mistake:
        text = retry_question(str(mistake))
        again = None if earlier else await followed(question, told.text, text, desk.session)
        if again is None:
            return _refused(mistake, told, records, desk)
        desk.show(f"\n\n*{mistake} Once more:*\n\n")
        return await _attempt(again, assignment, desk, records)
    except Refusal as refusal:
        return _refused(refusal, told, records, desk)
    return EditOutcome(change=change, markdown="", records=records)


async def _change(assignment: Assignment, told: CodeAnswer) -> FileEdit:
    if told.cut:
        raise Refusal(f"The answer is not complete: {told.cut}.")
    if told.code:
        return await asyncio.to_thread(assignment.change, told.code)
    if assignment.fence != USUAL_FENCE and told.text.strip():
        raise Mistake(f"It does not stand between two lines of {assignment.fence}.")
    raise Refusal("The model gave no code.")


def _refused(
    refusal: Refusal, told: CodeAnswer, records: tuple[Record, ...], desk: EditContext
) -> EditOutcome:
    """Say why there is no change, and give what the model said: nothing of it is lost."""
    desk.show(f"{missing_fence(told.text)}\n\n*{refusal}*")
    said = f"\n\n{told.text}{missing_fence(told.text)}" if told.text.strip() else ""
    return EditOutcome(change=None, markdown=f"{refusal}{said}", records=records)
