"""A question that somebody waits for: lane and budget, the prompt, and the answer as it comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

from attrs import evolve, frozen

from leanwide.engine.base import (
    CancelToken,
    EngineError,
    Finished,
    FinishReason,
    Markup,
    Piece,
    Priority,
    Request,
    Sampling,
)
from leanwide.features.chat_template import Conversation
from leanwide.features.journal import (
    AnswerSource,
    Generated,
    Record,
    model_record,
    no_cost_record,
)
from leanwide.features.session import Session
from leanwide.modes.profile import Budget, Decision
from leanwide.modes.router import Signals, Task, route
from leanwide.postprocess.closing import ClosingMarks
from leanwide.postprocess.code import AnswerCode
from leanwide.postprocess.markdown import missing_fence, printable
from leanwide.postprocess.markup import is_markup
from leanwide.postprocess.repetition import loop_start
from leanwide.prompt.chat import THINK_CLOSE, Message, chat_prompt, thinking, thinks
from leanwide.prompt.infill import readable

Show = Callable[[str], None]
"""Takes the next part of an answer's Markdown."""

_LOOP_PENALTY: Final = 1.1
_LOOP_TOKENS: Final = 256
"""What keeps prose from going round in circles. Code has to say again what stands there."""

_BESIDE: Final = 64
"""Tokens of a lane that are nobody's: a beginning of sequence, the end that thinking is given."""


NOTHING_KNOWN: Final = Signals()
"""A request that tells the router nothing beside its task."""


@frozen(kw_only=True)
class PreparedQuestion:
    """A question as far as it is decided."""

    decision: Decision
    conversation: Conversation
    began: float
    """Arrival, in seconds of ``time.monotonic``."""
    note: str = ""
    """A sentence that the answer begins with."""


@frozen
class Answer:
    """Markdown for the user, and what it cost."""

    markdown: str
    record: Record
    words: str = ""
    """What of it the model said: without our sentences about it."""


async def decide(
    task: Task, system: str, session: Session, known: Signals = NOTHING_KNOWN
) -> tuple[Decision, Conversation]:
    """Load the model, open the task's lane, and divide it; with an empty first question.

    Args:
        task: What is asked for.
        system: What the model is told about its work.
        session: The engine, and what earlier requests taught.
        known: What the request itself tells the router.

    Raises:
        EngineError: The model cannot be loaded, or the lane not be opened.
    """
    model = await session.backend.engine.ready()
    known = evolve(
        known,
        thinks=thinks(model.chat_template),
        pinned=session.pinned,
        machine=session.backend.machine,
    )
    first = route(task, known, session.profiles)
    session.backend.last_used[first.lane] = time.monotonic()
    messages = (Message("system", system), Message("user", ""))
    may_think = first.budget.thinking_tokens > 0
    conversation = await session.templates.lay_out(messages, model, may_think)
    held = _lane_tokens(first.lane, session)
    if held is None:
        await _open(first.lane, conversation, session)
        held = _lane_tokens(first.lane, session)
    signals = evolve(known, lane_tokens=None if held is None else held - _BESIDE)
    decision = route(task, signals, session.profiles)
    if conversation.problem:
        reason = f"{decision.reason}; {conversation.problem}: ChatML serves in its place"
        decision = evolve(decision, reason=reason)
        session.notify(
            f"{conversation.problem}: it is asked in ChatML, and its answers may be poor. "
            "`leanwide models list` shows models that answer questions."
        )
    return decision, conversation


def too_long(decision: Decision, session: Session) -> str:
    """Say why a question cannot be read, and what to do."""
    profile, limit = session.profiles[decision.mode], decision.budget.deadline_ms / 1000
    per_second = session.backend.machine.pace(decision.lane).prompt.settled
    if per_second and per_second * limit < profile.context_tokens:
        return (
            f"This cannot be read and answered within {limit:g} s: this machine reads "
            f"{per_second:.2g} tokens a second. Ask about less, or raise "
            f"modes.{decision.mode}.deadline_ms."
        )
    return "This is longer than the model can read at once: ask about less."


async def tokens_left(budget: Budget, conversation: Conversation, session: Session) -> int:
    """Tokens of a budget for what a conversation does not say yet.

    Raises:
        EngineError: The engine is gone.
    """
    prompt = chat_prompt(conversation.layout, conversation.messages)
    texts = [piece.text if isinstance(piece, Markup) else str(piece) for piece in prompt]
    await session.backend.counter.learn(texts)
    return budget.context_tokens - sum(map(session.backend.counter, texts))


def asked(text: str, conversation: Conversation) -> Conversation:
    """The conversation with ``text`` in its last, still empty message."""
    return evolve(
        conversation,
        messages=(
            *conversation.messages[:-1],
            Message(conversation.messages[-1].role, conversation.messages[-1].text + text),
        ),
    )


def _lane_tokens(lane: str, session: Session) -> int | None:
    lanes = session.backend.engine.lanes
    return next((info.context_tokens for info in lanes if info.name == lane), None)


async def _open(lane: str, conversation: Conversation, session: Session) -> None:
    """Open a lane with the beginning of the prompt, which the question then finds in its cache."""
    layout = conversation.layout
    last = len(conversation.messages) - 1
    head = layout[: layout.index(last)] or layout
    request = Request(
        lane=lane,
        prompt=chat_prompt(head, conversation.messages),
        priority=Priority.COMMAND,
        max_tokens=0,
        deadline_ms=1.0,
    )
    async for _ in session.backend.engine.generate(request, CancelToken()):
        pass


async def ask(
    question: PreparedQuestion, session: Session, cancel: CancelToken, show: Show
) -> Answer:
    """Ask the model, passing the answer on while it comes; thinking is kept back.

    Raises:
        EngineError: The engine cannot serve the question, or died while it did.
    """
    telling = _AnswerStream(show)
    if question.note:
        telling.tell(f"*{question.note}*\n\n")
    noted = telling.text
    request = _request(question, session)
    sampling = evolve(request.sampling, repeat_penalty=_LOOP_PENALTY, penalty_tokens=_LOOP_TOKENS)
    heard = await _hear(question, evolve(request, sampling=sampling), session, cancel, telling)
    words = telling.text[len(noted) :]
    telling.tell(missing_fence(telling.text))
    if heard.cut:
        telling.tell(_cut(heard.cut, telling.text))
    elif not telling.text.strip():
        telling.tell("The model gave no answer.")
    return Answer(telling.text, _remember(question, heard, telling.text, session), words)


@frozen(kw_only=True)
class CodeAnswer:
    """What the model said where code was wanted."""

    text: str
    code: str
    """The code in it; "" where there is none."""
    cut: str
    """Why its end is missing, for a sentence; "" where nothing is."""
    record: Record


async def ask_for_code(
    question: PreparedQuestion,
    read: Callable[[str], AnswerCode],
    session: Session,
    cancel: CancelToken,
    show: Show,
) -> CodeAnswer:
    """Ask the model for code, passing its words on; it is stopped behind the block with the code.

    Args:
        question: What is asked.
        read: Takes the code out of an answer, or out of its beginning.
        session: The engine, and what earlier requests taught.
        cancel: Ends the answer.
        show: Takes the model's words.

    Raises:
        EngineError: The engine cannot serve the question, or died while it did.
    """
    telling = _AnswerStream(show, lambda text: read(text).ended)
    heard = await _hear(question, _request(question, session), session, cancel, telling)
    record = _remember(question, heard, telling.text, session)
    code = read(telling.text)
    return CodeAnswer(
        text=telling.text, code=code.text, cut="" if code.closed else heard.cut, record=record
    )


async def followed(
    question: PreparedQuestion, said: str, text: str, session: Session
) -> PreparedQuestion | None:
    """The question that goes on after an answer; None where the lane has no room for it.

    Raises:
        EngineError: The engine is gone.
    """
    budget, earlier = question.decision.budget, question.conversation.messages
    model = await session.backend.engine.ready()
    messages = (*earlier, Message("assistant", said), Message("user", text))
    conversation = await session.templates.lay_out(messages, model, budget.thinking_tokens > 0)
    if await tokens_left(budget, conversation, session) < 0:
        return None
    return evolve(question, conversation=conversation)


@frozen(kw_only=True)
class _Generated:
    """How a generation went."""

    prompt: str
    finished: Finished
    why_ended: str
    cut: str


async def _hear(
    question: PreparedQuestion,
    request: Request,
    session: Session,
    cancel: CancelToken,
    telling: _AnswerStream,
) -> _Generated:
    """Listen to the model; a failure, or a cancel, is remembered with what was said."""
    prompt = readable(request.prompt)
    try:
        finished = await _listen(request, session, cancel, telling)
    except (EngineError, asyncio.CancelledError) as error:
        why = "cancelled" if isinstance(error, asyncio.CancelledError) else str(error)
        record = no_cost_record(question.decision, AnswerSource.MODEL, why, question.began)
        session.journal.add(evolve(record, prompt=prompt, ask=telling.text))
        raise
    session.learn(finished.stats)
    if telling.looping:
        why, cut = "it repeats itself", "it began to repeat itself"
    elif telling.complete:
        why, cut = "the code is complete", ""
    else:
        why, cut = finished.reason, _why_cut(finished.reason, question.decision.budget)
    return _Generated(prompt=prompt, finished=finished, why_ended=why, cut=cut)


def _remember(question: PreparedQuestion, heard: _Generated, text: str, session: Session) -> Record:
    generated = Generated(
        stats=heard.finished.stats, prompt=heard.prompt, ask=text, why_ended=heard.why_ended
    )
    record = model_record(question.decision, generated, question.began)
    session.journal.add(record)
    return record


@frozen
class SkippedRequest:
    """A question for which the model is not asked."""

    decision: Decision
    began: float
    """Arrival, in seconds of ``time.monotonic``."""


def canned_answer(sentence: str, silence: SkippedRequest, session: Session, show: Show) -> Answer:
    """Answer with a sentence of our own, at once."""
    show(sentence)
    why = "answered without the model"
    record = no_cost_record(silence.decision, AnswerSource.NONE, why, silence.began)
    record = evolve(record, ask=sentence)
    session.journal.add(record)
    return Answer(sentence, record)


class _AnswerStream:
    """The answer so far."""

    def __init__(self, show: Show, is_complete: Callable[[str], bool] = lambda _: False) -> None:
        self.text = ""
        self.looping = False
        """The text ends in a loop: a weak model would go on so for ever."""
        self.complete = False
        """Nothing that is wanted can follow."""
        self._show = show
        self._is_complete = is_complete
        self._thought = False
        self._closing = ClosingMarks()

    @property
    def over(self) -> bool:
        """Whether the model should be stopped."""
        return self.looping or self.complete

    def hear(self, piece: Piece) -> None:
        """Take the next piece of the model's; thinking and markup are left out."""
        if piece.thought:
            self._thought = True
        elif self.over:
            return
        elif piece.special and self._thought and piece.text.strip() == THINK_CLOSE:
            self.tell(self._closing.mark(piece.text, self.text))
        elif not (piece.special and self._leaves_out(piece.text)):
            self.tell(self._closing.text(piece.text))

    def _leaves_out(self, token: str) -> bool:
        """Whether a special token is markup where the answer is, not a word that it speaks of."""
        alone = not self.text.rpartition("\n")[2].strip()
        return alone and is_markup(token) and not missing_fence(self.text)

    def tell(self, text: str) -> None:
        """Add text, without what could act on a terminal."""
        if text := printable(text):
            self.text += text
            self.looping = loop_start(self.text) is not None
            self.complete = self._is_complete(self.text)
            self._show(text)


async def _listen(
    request: Request, session: Session, cancel: CancelToken, telling: _AnswerStream
) -> Finished:
    """Pass the answer on until it ends, or is to be stopped."""
    own, stages = CancelToken(), session.stages()
    cancel.on_cancel(own.cancel)
    try:
        async for event in session.backend.engine.generate(request, own, stages.read):
            if isinstance(event, Finished):
                return event
            (stages.think if event.thought else stages.end)()
            telling.hear(event)
            if telling.over:
                own.cancel()
    finally:
        stages.end()
    raise EngineError("the engine ended without an answer")


def _request(question: PreparedQuestion, session: Session) -> Request:
    decision, conversation = question.decision, question.conversation
    profile = session.profiles[decision.mode]
    return Request(
        lane=decision.lane,
        prompt=chat_prompt(conversation.layout, conversation.messages),
        priority=Priority.COMMAND,
        max_tokens=decision.budget.output_tokens,
        deadline_ms=decision.budget.deadline_ms,
        stops=conversation.stops,
        sampling=Sampling(
            temperature=profile.temperature, top_k=profile.top_k, top_p=profile.top_p
        ),
        thinking=thinking(
            conversation.layout, decision.budget.thinking_tokens, decision.budget.thinking_ms
        ),
    )


def _why_cut(reason: FinishReason, budget: Budget) -> str:
    """Why the answer is not all that the model wanted to say; "" where it is."""
    match reason:
        case FinishReason.LENGTH:
            return f"it reached {budget.output_tokens} tokens"
        case FinishReason.DEADLINE:
            return f"{budget.deadline_ms / 1000:.0f} seconds were over"
        case _:
            return ""


def _cut(why: str, text: str) -> str:
    lines = "\n" if text.endswith("\n") else "\n\n"
    return f"{lines}*The answer ends here: {why}.*"
