"""Chat: a message, about code or not, answered with the conversation so far in mind."""

from __future__ import annotations

import asyncio
import time
from pathlib import PurePath
from typing import Final

from attrs import evolve, frozen

from leanwide.engine.base import CancelToken
from leanwide.features.ask.ask import (
    Answer,
    PreparedQuestion,
    Show,
    SkippedRequest,
    ask,
    decide,
    canned_answer,
    tokens_left,
    too_long,
)
from leanwide.features.ask.conversations import StoredChat
from leanwide.features.ask.question_context import quote
from leanwide.features.ask.selection import ResolvedSelection, Selection, resolve
from leanwide.features.chat_template import Conversation
from leanwide.features.journal import AnswerSource
from leanwide.features.session import Session
from leanwide.features.trained_languages import notify_untrained
from leanwide.modes.difficulty import Difficulty, DifficultyLevel, difficulty
from leanwide.modes.profile import Decision
from leanwide.modes.router import Signals, Task, route
from leanwide.prompt.chat import Message
from leanwide.prompt.history import Turn, first_kept, messages_of
from leanwide.prompt.question import code_known, code_shown

_EMPTY: Final = "There is no question here."
_FOLDED: Final = "The code is longer than the model can read at once: parts of it were left out."
_QUESTION_SHARE: Final = 0.5
"""Share of the room that a question may take from the turns before it."""
_AROUND_TURN: Final = 20
"""Tokens that templates put around a turn; a guess, which spares rendering layouts in vain."""


@frozen(kw_only=True)
class UserMessage:
    """One message of the user."""

    text: str
    about: Selection | None = None
    """The code that it is about; a cursor means the definition around it."""


class _Unanswerable(Exception):  # noqa: N818  # a fact about the message, not a failure
    """The model is not asked; the message is a sentence for the user."""


@frozen
class _PromptMessage:
    """A message as the model may read it."""

    text: str
    code: str = ""
    """The part of it that shows code."""
    pointing: str = ""
    """The text where the conversation shows the same code already."""
    whole: bool = True
    """Nothing of the code is left out."""


async def chat(
    saying: UserMessage, talk: StoredChat, session: Session, cancel: CancelToken, show: Show
) -> Answer:
    """Answer a message and remember both; of an answer that is cancelled, what was shown.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered; nothing is remembered.
    """
    began = time.monotonic()
    async with talk.busy:
        try:
            question, text = await _prepare(saying, talk, session, began)
        except _Unanswerable as reason:
            signals = Signals(pinned=session.pinned)
            silence = SkippedRequest(route(Task.CHAT, signals, session.profiles), began)
            return canned_answer(str(reason), silence, session, show)
        heard: list[str] = []

        def hear(piece: str) -> None:
            heard.append(piece)
            show(piece)

        try:
            told = await ask(question, session, cancel, hear)
        except asyncio.CancelledError:
            if words := "".join(heard[1 if question.note else 0 :]):
                talk.remember(Turn(text, words), saying.text)
            raise
        talk.remember(Turn(text, told.words), saying.text)
        talk.record = told.record
        return told


async def _prepare(
    saying: UserMessage, talk: StoredChat, session: Session, began: float
) -> tuple[PreparedQuestion, str]:
    """Decide and lay out a question; also give what the model reads for the message.

    Raises:
        _Unanswerable: There is nothing to ask, or it has no room.
    """
    found = await _found(saying, session)
    signals = Signals(difficulty=_difficulty(saying, talk))
    planned = evolve(signals, pinned=session.pinned)
    read = _read_already(talk, route(Task.CHAT, planned, session.profiles).lane, session)
    plan = await _plan(saying, talk, found, evolve(signals, read_tokens=read), session)
    if read and plan.first != talk.first.get(plan.decision.lane, 0):
        # With a turn less, all that is behind it is read anew.
        plan = await _plan(saying, talk, found, signals, session)
    decision, worded = plan.decision, plan.worded
    if found is not None:
        notify_untrained(found.view, session)
    talk.first[decision.lane], text, conversation = await _fit(
        talk, plan.first, worded, decision, session
    )
    note = "" if worded.whole else _FOLDED
    return PreparedQuestion(
        decision=decision, conversation=conversation, began=began, note=note
    ), text


@frozen(kw_only=True)
class _Plan:
    """What of a conversation is read."""

    decision: Decision
    worded: _PromptMessage
    first: int
    """The first turn."""


async def _plan(
    saying: UserMessage,
    talk: StoredChat,
    found: ResolvedSelection | None,
    signals: Signals,
    session: Session,
) -> _Plan:
    """Choose what has room, and can be read in time.

    Raises:
        _Unanswerable: The message alone cannot.
    """
    decision, start = await decide(Task.CHAT, session.texts["chat"], session, signals)
    room = await tokens_left(decision.budget, start, session)
    costs, known = await _costs(talk, session), talk.first.get(decision.lane, 0)
    most = max(int(room * _QUESTION_SHARE), room - sum(costs[known:]))
    worded = await _word(saying.text.strip(), found, most, session)
    if worded is None:
        raise _Unanswerable(too_long(decision, session))
    first = first_kept(costs, known, room - session.backend.counter(worded.text))
    return _Plan(decision=decision, worded=worded, first=first)


def _read_already(talk: StoredChat, lane: str, session: Session) -> int:
    """Tokens of a conversation that its lane has read; 0 where it read something else since."""
    records = reversed(session.journal.records)
    ours = (one for one in records if one.lane == lane and one.source is AnswerSource.MODEL)
    newest = next(ours, None)
    if newest is None or newest is not talk.record:
        return 0
    return newest.tokens_evaluated + newest.tokens_reused


def _difficulty(saying: UserMessage, talk: StoredChat) -> Difficulty | None:
    """How hard a question is; None where its words alone do not tell that it is a small one.

    Code is always worth the wide lane, and so is a conversation: the lean one would read it anew.
    """
    found = difficulty(saying.text)
    alone = saying.about is None and not talk.turns
    return found if alone or found.level is not DifficultyLevel.TRIVIAL else None


async def _found(saying: UserMessage, session: Session) -> ResolvedSelection | None:
    """The code that a message is about, None where it is about none."""
    if not saying.text.strip():
        raise _Unanswerable(_EMPTY)
    if saying.about is None or not any(line.strip() for line in saying.about.view.lines):
        return None
    found = await resolve(saying.about, "talk about", session)
    if isinstance(found, str):
        raise _Unanswerable(found)
    return found


async def _costs(talk: StoredChat, session: Session) -> list[int]:
    """Tokens of every turn."""
    await session.backend.counter.learn(
        text for turn in talk.turns for text in (turn.question, turn.answer)
    )
    count = session.backend.counter
    return [count(turn.question) + count(turn.answer) + _AROUND_TURN for turn in talk.turns]


async def _word(
    message: str, found: ResolvedSelection | None, room: int, session: Session
) -> _PromptMessage | None:
    """Put code and message together, in at most ``room`` tokens; None where they need more."""
    count = session.backend.counter
    worded = _PromptMessage(message)
    if found is not None:
        await count.learn((message,))
        code = await quote(found, room - count(message), code_shown, session)
        if not code.text:
            return None
        pointing = f"{code_known(PurePath(found.view.path).name)}\n\n{message}"
        worded = _PromptMessage(f"{code.text}\n\n{message}", code.text, pointing, code.whole)
    await count.learn((worded.text, worded.pointing))
    return worded if count(worded.text) <= room else None


async def _fit(
    talk: StoredChat, first: int, worded: _PromptMessage, decision: Decision, session: Session
) -> tuple[int, str, Conversation]:
    """Lay out the turns from ``first`` on, fewer where what is around them takes more room.

    Returns:
        The first turn that is read, the text of the question, and the whole conversation.
    """
    model = await session.backend.engine.ready()
    while True:
        turns = talk.turns[first:]
        known = bool(worded.code) and any(worded.code in turn.question for turn in turns)
        text = worded.pointing if known else worded.text
        messages = (
            Message("system", session.texts["chat"]),
            *messages_of(turns),
            Message("user", text),
        )
        thinking = decision.budget.thinking_tokens > 0
        conversation = await session.templates.lay_out(messages, model, thinking)
        if not turns or await tokens_left(decision.budget, conversation, session) >= 0:
            return first, text, conversation
        first += 1
