"""Chat: a message, about code or not, answered in the context of the conversation so far."""

from __future__ import annotations

import asyncio
import time
from pathlib import PurePath
from typing import Final

from attrs import evolve, frozen

from leanwide.engine.requests import CancelToken
from leanwide.features.ask.answer_stream import Show
from leanwide.features.ask.ask import Answer, ask, canned_answer
from leanwide.features.ask.conversations import StoredChat
from leanwide.features.ask.prepare import (
    PreparedQuestion,
    begin_question,
    expected_lane,
    tokens_left,
    too_long,
)
from leanwide.features.ask.question_context import quote
from leanwide.features.ask.selection import ResolvedSelection, Selection, resolve
from leanwide.features.journal import AnswerSource, Journal
from leanwide.features.refusal import Refusal
from leanwide.features.session import Session
from leanwide.features.token_counter import TokenCounter
from leanwide.modes.difficulty import Difficulty, DifficultyLevel, difficulty
from leanwide.modes.router import Signals, Task
from leanwide.prompt.chat import Message
from leanwide.prompt.history import Turn, first_kept, messages_of
from leanwide.prompt.question import code_known, code_shown

_MESSAGE_SHARE: Final = 0.5
"""Share of the room that a message may take from the turns before it."""
_TURN_OVERHEAD: Final = 20
"""Tokens that a template puts around a turn: an estimate, which saves rendering layouts."""


@frozen(kw_only=True)
class UserMessage:
    """One message of the user."""

    text: str
    about: Selection | None = None
    """The code that it is about; a cursor means the definition around it."""


@frozen
class _PromptMessage:
    """A message as the model reads it."""

    text: str
    code: str = ""
    """The part of it that shows code."""
    without_code: str = ""
    """The text for a conversation that already shows the code."""
    note: str | None = None
    """A sentence for the user if lines of the code were left out."""


async def chat(
    message: UserMessage, stored: StoredChat, session: Session, cancel: CancelToken, show: Show
) -> Answer:
    """Answer a message and remember both; of a cancelled answer, what was shown.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered; nothing is remembered.
    """
    began = time.monotonic()
    async with stored.busy:
        try:
            question, text = await _prepare(message, stored, session, began)
        except Refusal as refusal:
            return canned_answer(refusal, Task.CHAT, session, began, show)
        pieces: list[str] = []

        def collect(piece: str) -> None:
            pieces.append(piece)
            show(piece)

        try:
            answer = await ask(question, session, cancel, collect)
        except asyncio.CancelledError:
            if words := "".join(pieces[1 if question.note is not None else 0 :]):
                stored.remember(Turn(text, words), message.text)
            raise
        stored.remember(Turn(text, answer.words), message.text)
        stored.record = answer.record
        return answer


async def _prepare(
    message: UserMessage, stored: StoredChat, session: Session, began: float
) -> tuple[PreparedQuestion, str]:
    """Return the question, and the text that the model reads for the message.

    Raises:
        Refusal: There is nothing to ask, or it does not fit.
        EngineError: The model cannot be loaded.
    """
    resolved = await _resolve(message, session)
    signals = Signals(difficulty=_difficulty(message, stored))
    lane = expected_lane(Task.CHAT, signals, session)
    read = _tokens_read(stored, lane, session.journal)
    with_read = evolve(signals, read_tokens=read)
    plan = await _plan(message, stored, resolved, with_read, session, began)
    if read and plan.first != stored.first_read.get(plan.question.decision.lane, 0):
        # Dropping a turn changes the prompt from there on: none of it counts as read.
        plan = await _plan(message, stored, resolved, signals, session, began)
    if resolved is not None:
        session.notify_untrained(resolved.view, plan.question.decision.lane)
    return await _lay_out(plan, stored, session)


@frozen(kw_only=True)
class _Plan:
    """What of a conversation the model reads."""

    question: PreparedQuestion
    """Still without turns and message."""
    message: _PromptMessage
    first: int
    """The first turn that is read."""


async def _plan(
    message: UserMessage,
    stored: StoredChat,
    resolved: ResolvedSelection | None,
    signals: Signals,
    session: Session,
    began: float,
) -> _Plan:
    """Choose what fits, and can be read in time.

    Raises:
        Refusal: The message alone does not fit.
    """
    question = await begin_question(Task.CHAT, signals, session, began)
    count = session.backend.counter(question.decision.lane)
    room = await tokens_left(question, session.backend)
    turns = stored.turns
    await count.learn(text for turn in turns for text in (turn.question, turn.answer))
    costs = [count(turn.question) + count(turn.answer) + _TURN_OVERHEAD for turn in turns]
    first = stored.first_read.get(question.decision.lane, 0)
    message_room = max(int(room * _MESSAGE_SHARE), room - sum(costs[first:]))
    worded = await _compose(message.text.strip(), resolved, message_room, count, session)
    if worded is None:
        raise too_long(question.decision, session)
    return _Plan(
        question=evolve(question, note=worded.note),
        message=worded,
        first=first_kept(costs, first, room - count(worded.text)),
    )


def _tokens_read(stored: StoredChat, lane: str, journal: Journal) -> int:
    """Return the tokens of a chat that its lane has read; 0 if it read something else since."""
    newest = next(
        (
            record
            for record in reversed(journal.records)
            if record.lane == lane and record.source is AnswerSource.MODEL
        ),
        None,
    )
    if newest is None or newest is not stored.record:
        return 0
    return newest.tokens_evaluated + newest.tokens_reused


def _difficulty(message: UserMessage, stored: StoredChat) -> Difficulty | None:
    """Return how hard a question is; None where its words alone do not show that it is trivial.

    Questions about code and later questions are never trivial: the lean lane would have to read
    the code, or the conversation, from the beginning.
    """
    found = difficulty(message.text)
    alone = message.about is None and not stored.turns
    return found if alone or found.level is not DifficultyLevel.TRIVIAL else None


async def _resolve(message: UserMessage, session: Session) -> ResolvedSelection | None:
    """Return the code that a message is about; None where it is about none.

    Raises:
        Refusal: The message is empty, or the model may not read the code.
    """
    if not message.text.strip():
        raise Refusal("There is no question here.")
    if message.about is None or not any(line.strip() for line in message.about.view.lines):
        return None
    return await resolve(message.about, "talk about", session)


async def _compose(
    message: str,
    resolved: ResolvedSelection | None,
    room: int,
    count: TokenCounter,
    session: Session,
) -> _PromptMessage | None:
    """Put code and message together, in at most ``room`` tokens; None if they do not fit."""
    composed = _PromptMessage(message)
    if resolved is not None:
        await count.learn((message,))
        code = await quote(resolved, room - count(message), code_shown, count, session)
        if code is None:
            return None
        composed = _PromptMessage(
            text=f"{code.text}\n\n{message}",
            code=code.text,
            without_code=f"{code_known(PurePath(resolved.view.path).name)}\n\n{message}",
            note=code.note,
        )
    await count.learn((composed.text, composed.without_code))
    return composed if count(composed.text) <= room else None


async def _lay_out(
    plan: _Plan, stored: StoredChat, session: Session
) -> tuple[PreparedQuestion, str]:
    """Lay out the planned turns and the message, and note which turn is the first one read.

    Further turns are dropped where the template takes more room around them than estimated.

    Returns:
        The question, and the text of its last message.
    """
    model = await session.backend.engine.ready(plan.question.decision.lane)
    budget, message, first = plan.question.decision.budget, plan.message, plan.first
    while True:
        turns = stored.turns[first:]
        shown = bool(message.code) and any(message.code in turn.question for turn in turns)
        text = message.without_code if shown else message.text
        conversation = await session.templates.lay_out(
            (
                Message("system", session.texts[Task.CHAT]),
                *messages_of(turns),
                Message("user", text),
            ),
            model,
            thinking=budget.thinking_tokens > 0,
        )
        question = evolve(plan.question, conversation=conversation)
        if not turns or await tokens_left(question, session.backend) >= 0:
            stored.first_read[question.decision.lane] = first
            return question, text
        first += 1
