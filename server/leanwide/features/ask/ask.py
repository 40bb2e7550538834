"""Ask the model: run a prepared question, stream the answer, and record what it cost."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final

from attrs import evolve, frozen

from leanwide.engine.base import EngineError
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    FinishReason,
    Priority,
    Request,
    Sampling,
    Stats,
    Thinking,
)
from leanwide.engine.specs import ModelInfo
from leanwide.features.answer_wishes import AnswerWishes
from leanwide.features.ask.answer_stream import AnswerStream, Show
from leanwide.features.ask.prepare import PreparedQuestion
from leanwide.features.journal import (
    AnswerSource,
    Generated,
    Journal,
    Record,
    model_record,
    no_cost_record,
)
from leanwide.features.refusal import Refusal
from leanwide.features.session import Session
from leanwide.modes.profile import Budget, Profile
from leanwide.modes.router import Signals, Task, route
from leanwide.postprocess.code import AnswerCode
from leanwide.postprocess.markdown import missing_fence
from leanwide.prompt.chat import thinking
from leanwide.prompt.infill import readable

_REPEAT_PENALTY: Final = 1.1
_PENALTY_TOKENS: Final = 256
"""Tokens of the answer that the penalty looks at. Prose only: code has to repeat what is there."""


@frozen
class Answer:
    """Markdown for the user, and what it cost."""

    markdown: str
    record: Record
    words: str = ""
    """The model's part of the Markdown, without the sentences that leanwide adds."""


async def ask(
    question: PreparedQuestion, session: Session, cancel: CancelToken, show: Show
) -> Answer:
    """Ask the model a question in prose, and show the answer while it is generated.

    Raises:
        EngineError: The engine cannot serve the question, or died while it did.
    """
    stream = AnswerStream(show, known=_known(question))
    if question.note is not None:
        stream.write(f"*{question.note}*\n\n")
    note = stream.text
    request = _request(question, session)
    sampling = _against_loops(request.sampling)
    ending = await _generate(question, evolve(request, sampling=sampling), session, cancel, stream)
    words = stream.text[len(note) :]
    stream.write(missing_fence(stream.text))
    if ending.cut is not None:
        gap = "\n" if stream.text.endswith("\n") else "\n\n"
        stream.write(f"{gap}*The answer ends here: {ending.cut}.*")
    elif not stream.text.strip():
        stream.write("The model gave no answer.")
    return Answer(stream.text, _record(question, ending, stream.text, session.journal), words)


@frozen(kw_only=True)
class CodeAnswer:
    """The model's answer to a question for code."""

    text: str
    code: str
    """The code in it; "" where there is none."""
    cut: str | None
    """Why its end is missing, a part of a sentence; None if the code is whole."""
    record: Record


async def ask_for_code(
    question: PreparedQuestion,
    read: Callable[[str], AnswerCode],
    session: Session,
    cancel: CancelToken,
    show: Show,
) -> CodeAnswer:
    """Ask the model for code, and show its answer; it is cancelled after the block with the code.

    Args:
        question: The question.
        read: Returns the code of an answer, or of its beginning.
        session: The engine, and what earlier requests taught.
        cancel: Cancels the generation.
        show: Takes the model's text.

    Raises:
        EngineError: The engine cannot serve the question, or died while it did.
    """
    stream = AnswerStream(show, lambda text: read(text).ended, _known(question))
    request = _request(question, session)
    if question.begins:
        stream.write(question.begins)
    ending = await _generate(question, request, session, cancel, stream)
    code = read(stream.text)
    if question.begins:
        stream.write(missing_fence(stream.text))
    return CodeAnswer(
        text=stream.text,
        code=code.text,
        cut=None if code.closed else ending.cut,
        record=_record(question, ending, stream.text, session.journal),
    )


@frozen(kw_only=True)
class PlainAnswer:
    """What the model said, and what it cost."""

    text: str
    cut: bool
    """Whether its end is missing."""
    stats: Stats


async def ask_plainly(
    question: PreparedQuestion,
    wishes: AnswerWishes,
    session: Session,
    cancel: CancelToken,
    show: Show,
) -> PlainAnswer:
    """Ask the model, and show what it says without a sentence of leanwide's.

    Raises:
        EngineError: The engine cannot serve the question, or died while it did.
    """
    stream = AnswerStream(show, known=_known(question))
    request = wishes.applied(_request(question, session))
    ending = await _generate(question, request, session, cancel, stream)
    _record(question, ending, stream.text, session.journal)
    return PlainAnswer(text=stream.text, cut=ending.cut is not None, stats=ending.stats)


def canned_answer(
    refusal: Refusal, task: Task, session: Session, began: float, show: Show
) -> Answer:
    """Answer with the sentence of a refusal; the model is not asked.

    ``began`` is the arrival of the request, in seconds of ``time.monotonic``.
    """
    sentence = str(refusal)
    show(sentence)
    decision = route(task, Signals(pinned=session.pinned), session.profiles)
    record = no_cost_record(decision, AnswerSource.NONE, "answered without the model", began)
    record = evolve(record, answer=sentence)
    session.journal.add(record)
    return Answer(sentence, record)


@frozen(kw_only=True)
class _Ending:
    """How a generation ended."""

    prompt: str
    """As text, for the journal."""
    stats: Stats
    reason: str
    cut: str | None
    """Why the answer is not whole, a part of a sentence; None if it is."""


async def _generate(
    question: PreparedQuestion,
    request: Request,
    session: Session,
    cancel: CancelToken,
    stream: AnswerStream,
) -> _Ending:
    """Generate into ``stream``; a failed or cancelled generation is recorded here.

    Raises:
        EngineError: The engine cannot serve the request, or died while it did.
    """
    prompt = readable(request.prompt)
    try:
        finished = await _stream(request, session, cancel, stream)
    except (EngineError, asyncio.CancelledError) as error:
        why = "cancelled" if isinstance(error, asyncio.CancelledError) else str(error)
        record = no_cost_record(question.decision, AnswerSource.MODEL, why, question.began)
        session.journal.add(evolve(record, prompt=prompt, answer=stream.text))
        raise
    session.learn(finished.stats)
    reason: str = finished.reason
    cut = _why_cut(finished.reason, question.decision.budget)
    if stream.looping:
        reason, cut = "it repeats itself", "it began to repeat itself"
    elif stream.complete:
        reason, cut = "the code is complete", None
    return _Ending(prompt=prompt, stats=finished.stats, reason=reason, cut=cut)


async def _stream(
    request: Request, session: Session, cancel: CancelToken, stream: AnswerStream
) -> Finished:
    """Pass the engine's pieces on until the generation ends, or the stream needs no more.

    Raises:
        EngineError: The engine cannot serve the request, or died while it did.
    """
    own, stages = CancelToken(), session.stages()
    cancel.on_cancel(own.cancel)
    try:
        async for event in session.backend.engine.generate(request, own, stages.read):
            if isinstance(event, Finished):
                return event
            (stages.think if event.thought else stages.end)()
            stream.add(event)
            if stream.ended:
                own.cancel()
    finally:
        stages.end()
    raise EngineError("the engine ended without an answer")


def _why_cut(reason: FinishReason, budget: Budget) -> str | None:
    match reason:
        case FinishReason.LENGTH:
            return f"it reached {budget.output_tokens} tokens"
        case FinishReason.DEADLINE:
            return f"{budget.deadline_ms / 1000:.0f} seconds were over"
        case _:
            return None


def _record(question: PreparedQuestion, ending: _Ending, text: str, journal: Journal) -> Record:
    """Add an answer to the journal, and return its record."""
    generated = Generated(
        stats=ending.stats, prompt=ending.prompt, answer=text, why_ended=ending.reason
    )
    record = model_record(question.decision, generated, question.began)
    journal.add(record)
    return record


def _known(question: PreparedQuestion) -> tuple[str, ...]:
    """Return the texts that the answer may repeat."""
    messages = (message.text for message in question.conversation.messages)
    return (*question.drafts, *messages)


def _request(question: PreparedQuestion, session: Session) -> Request:
    decision, conversation = question.decision, question.conversation
    profile, budget = session.profiles[decision.mode], decision.budget
    return Request(
        lane=decision.lane,
        prompt=question.prompt,
        priority=Priority.COMMAND,
        max_tokens=budget.output_tokens,
        deadline_ms=budget.deadline_ms,
        stops=conversation.stops,
        drafts=question.drafts,
        sampling=_sampling(profile, session.backend.engine.model(decision.lane)),
        thinking=_thinking(question),
    )


def _thinking(question: PreparedQuestion) -> Thinking | None:
    """Return how the answer marks thinking; None where it is begun, and only its rest comes."""
    if question.begins:
        return None
    conversation, budget = question.conversation, question.decision.budget
    return thinking(
        conversation.layout, conversation.marks, budget.thinking_tokens, budget.thinking_ms
    )


def _sampling(profile: Profile, model: ModelInfo | None) -> Sampling:
    """Return a mode's sampling, with what the model's file recommends in its place."""
    own = Sampling(temperature=profile.temperature, top_k=profile.top_k, top_p=profile.top_p)
    if model is None or not profile.recommended_sampling:
        return own
    recommended: dict[str, Any] = dict(model.sampling)
    return evolve(own, **recommended)


def _against_loops(sampling: Sampling) -> Sampling:
    """Return sampling with a penalty for repetitions, ours unless the model's file has one."""
    return evolve(
        sampling,
        repeat_penalty=sampling.repeat_penalty if sampling.repeat_penalty > 1 else _REPEAT_PENALTY,
        penalty_tokens=sampling.penalty_tokens or _PENALTY_TOKENS,
    )
