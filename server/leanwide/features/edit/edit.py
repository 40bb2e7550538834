"""Run one edit: the question, the answer, one more attempt after a mistake, and a change or none.

What differs between refactor, insert, document, fix and test is the :class:`Assignment`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from functools import partial

from attrs import evolve

from leanwide.features.ask.answer_stream import Show
from leanwide.features.ask.ask import CodeAnswer, ask_for_code, canned_answer
from leanwide.features.ask.prepare import PreparedQuestion, follow_up
from leanwide.features.edit.assignment import Assignment, Attempt, EditContext, EditOutcome
from leanwide.features.edit.change import FileEdit, Mistake
from leanwide.features.edit.edit_question import prepare
from leanwide.features.edit.streaming import EditStream
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.journal import Record
from leanwide.features.refusal import Refusal
from leanwide.postprocess.markdown import missing_fence
from leanwide.prompt.editing import again_question, retry_question


async def edit(assignment: Awaitable[Assignment], context: EditContext) -> EditOutcome:
    """Ask the model for code, and make a change of it; a mistake gets one more attempt.

    Args:
        assignment: What is wanted; it may raise :class:`Refusal`.
        context: What the edit runs with.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    try:
        question, assigned = await prepare(await assignment, context)
    except Refusal as refusal:
        answer = canned_answer(refusal, context.task, context.session, context.began, context.show)
        return EditOutcome(change=None, markdown=answer.markdown, records=(answer.record,))
    if question.note is not None:
        context.show(f"*{question.note}*\n\n")
    return await _attempt(question, assigned, context)


async def edit_again(attempt: Attempt, context: EditContext) -> EditOutcome | None:
    """Ask once more, as a follow-up of an attempt; None if that does not fit, or is not allowed.

    The model finds the conversation in the KV cache. The document has to be what it was.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    session = context.session
    if await exclusion_reason(attempt.assignment.resolved.view, session.names):
        return None
    text = again_question(context.hint)
    question = await follow_up(attempt.question, attempt.answer, text, session)
    if question is None:
        return None
    return await _attempt(evolve(question, began=context.began), attempt.assignment, context)


async def _attempt(
    question: PreparedQuestion,
    assignment: Assignment,
    context: EditContext,
    earlier: tuple[Record, ...] = (),
) -> EditOutcome:
    """Ask, and make a change of the answer; only without ``earlier`` attempts is there another."""
    answer = await _answer(question, assignment, context)
    records = (*earlier, answer.record)
    made = Attempt(assignment=assignment, question=question, answer=answer.text)
    try:
        change = await _change(assignment, answer)
    except Mistake as mistake:
        text = retry_question(str(mistake))
        retry = None if earlier else await follow_up(question, answer.text, text, context.session)
        if retry is None:
            return _refused(mistake, made, records, context.show)
        context.show(f"\n\n*{mistake} Once more:*\n\n")
        if context.show_edits is not None:
            context.show_edits(())
        return await _attempt(retry, assignment, context, records)
    except Refusal as refusal:
        return _refused(refusal, made, records, context.show)
    return EditOutcome(change=change, markdown="", records=records, attempt=made)


async def _answer(
    question: PreparedQuestion, assignment: Assignment, context: EditContext
) -> CodeAnswer:
    """Ask the model, and show its answer and what is settled of the edit meanwhile.

    Raises:
        EngineError: The engine cannot serve the question, or died while it did.
    """
    ask = partial(ask_for_code, question, assignment.form.read, context.session, context.cancel)
    if context.show_edits is None:
        return await ask(context.show)
    edits = EditStream(assignment.form.read, assignment.settled, context.show_edits)

    def show(text: str) -> None:
        context.show(text)
        edits.add(text)

    async with edits.shown():
        return await ask(show)


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
    if assignment.form.problem and answer.text.strip():
        raise Mistake(assignment.form.problem)
    raise Refusal("The model gave no code.")


def _refused(
    refusal: Refusal, attempt: Attempt, records: tuple[Record, ...], show: Show
) -> EditOutcome:
    """Say why there is no change; the outcome keeps the model's answer, so that it is not lost."""
    answer = attempt.answer
    show(f"{missing_fence(answer)}\n\n*{refusal}*")
    said = f"\n\n{answer}{missing_fence(answer)}" if answer.strip() else ""
    return EditOutcome(change=None, markdown=f"{refusal}{said}", records=records, attempt=attempt)
