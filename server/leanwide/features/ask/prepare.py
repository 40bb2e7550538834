"""Prepare a question: load the model, open a lane, divide its tokens, lay out the conversation."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from leanwide.engine.base import Engine
from leanwide.engine.requests import CancelToken, Markup, Priority, Prompt, Request
from leanwide.features.chat_template import Conversation
from leanwide.features.refusal import Refusal
from leanwide.features.session import Backend, Session
from leanwide.models.answer_marks import answers_at_once, thinks
from leanwide.modes.profile import Decision
from leanwide.modes.router import Signals, Task, route
from leanwide.prompt.chat import Message, chat_prompt, clean

_RESERVED_TOKENS: Final = 64
"""Tokens of a lane that are kept free, for BOS and the text that ends thinking."""


@frozen(kw_only=True)
class PreparedQuestion:
    """A question with its lane, budget and conversation."""

    decision: Decision
    conversation: Conversation
    began: float
    """Arrival of the request, in seconds of ``time.monotonic``."""
    note: str | None = None
    """A sentence that the answer begins with."""
    drafts: tuple[str, ...] = ()
    """What the answer is likely to repeat, the likeliest first."""
    begins: str = ""
    """Text that the answer begins with, which the model goes on from."""

    @property
    def prompt(self) -> Prompt:
        """The conversation as the model reads it, with the beginning of the answer."""
        asked = chat_prompt(self.conversation.layout, self.conversation.messages)
        return (*asked, clean(self.begins)) if self.begins else asked


def expected_lane(task: Task, signals: Signals, session: Session) -> str:
    """Return the lane that a task runs on: its model has to be known before its text is counted."""
    return route(task, evolve(signals, pinned=session.pinned), session.profiles).lane


def can_begin(lane: str, engine: Engine) -> bool:
    """Whether an answer can be begun on a lane whose model is ready.

    A server may lay out the conversation itself, and then answers from the start.
    """
    model = engine.model(lane)
    is_here = not any(info.url for info in engine.lanes if info.name == lane)
    return is_here and model is not None and answers_at_once(model.chat_template)


def with_beginning(question: PreparedQuestion, text: str, tokens: int) -> PreparedQuestion:
    """Return the question whose answer begins with ``text``, and takes ``tokens`` more at most."""
    decision = question.decision
    budget = decision.budget
    budget = evolve(budget, output_tokens=min(budget.output_tokens, tokens))
    return evolve(question, begins=text, decision=evolve(decision, budget=budget))


async def begin_question(
    task: Task, signals: Signals, session: Session, began: float
) -> PreparedQuestion:
    """Load the model, open the task's lane, and return a question whose text is still empty.

    Args:
        task: What is asked for; it names the system prompt.
        signals: What the router knows from the request itself.
        session: The engine, and what earlier requests taught.
        began: Arrival of the request, in seconds of ``time.monotonic``.

    Raises:
        EngineError: The model cannot be loaded, or the lane cannot be opened.
    """
    messages = (Message("system", session.texts[task]), Message("user", ""))
    return await begin_conversation(messages, task, signals, session, began)


async def begin_conversation(
    messages: Sequence[Message], task: Task, signals: Signals, session: Session, began: float
) -> PreparedQuestion:
    """Load the model, open the task's lane, and return a question with these messages.

    Raises:
        EngineError: The model cannot be loaded, or the lane cannot be opened.
    """
    engine = session.backend.engine
    model = await engine.ready(expected_lane(task, signals, session))
    signals = evolve(
        signals,
        thinks=thinks(model.chat_template),
        pinned=session.pinned,
        machine=session.backend.machine,
    )
    expected = route(task, signals, session.profiles)
    session.backend.last_used[expected.lane] = time.monotonic()
    conversation = await session.templates.lay_out(
        messages, model, thinking=expected.budget.thinking_tokens > 0
    )
    lane_tokens = await _open_lane(expected.lane, conversation, engine)
    decision = route(task, evolve(signals, lane_tokens=lane_tokens), session.profiles)
    if conversation.problem is not None:
        reason = f"{decision.reason}; {conversation.problem}: ChatML is used instead"
        decision = evolve(decision, reason=reason)
        session.notify(
            f"{conversation.problem}: it is asked in ChatML, and its answers may be poor. "
            "`leanwide models list` shows models that answer questions."
        )
    return PreparedQuestion(decision=decision, conversation=conversation, began=began)


async def _open_lane(lane: str, conversation: Conversation, engine: Engine) -> int | None:
    """Open a lane if it is closed; return the tokens that a question may use, None if unknown.

    The lane opens with the beginning of the prompt, which the question then finds in the KV cache.

    Raises:
        EngineError: The lane cannot be opened.
    """
    if _context_tokens(lane, engine) is None:
        layout = conversation.layout
        head = layout[: layout.index(len(conversation.messages) - 1)] or layout
        request = Request(
            lane=lane,
            prompt=chat_prompt(head, conversation.messages),
            priority=Priority.COMMAND,
            max_tokens=0,
            deadline_ms=1.0,
        )
        async for _ in engine.generate(request, CancelToken()):
            pass
    tokens = _context_tokens(lane, engine)
    return None if tokens is None else tokens - _RESERVED_TOKENS


def _context_tokens(lane: str, engine: Engine) -> int | None:
    return next((info.context_tokens for info in engine.lanes if info.name == lane), None)


async def tokens_left(question: PreparedQuestion, backend: Backend) -> int:
    """Return how many tokens of the question's context its conversation leaves; may be negative.

    Raises:
        EngineError: The engine is gone.
    """
    texts = [piece.text if isinstance(piece, Markup) else str(piece) for piece in question.prompt]
    count = backend.counter(question.decision.lane)
    await count.learn(texts)
    return question.decision.budget.context_tokens - sum(map(count, texts))


def too_long(decision: Decision, session: Session) -> Refusal:
    """Return the refusal of a question that does not fit; it says what the user can do."""
    profile, limit = session.profiles[decision.mode], decision.budget.deadline_ms / 1000
    per_second = session.backend.machine.lane_speed(decision.lane).prompt.settled
    if per_second and per_second * limit < profile.context_tokens:
        return Refusal(
            f"This cannot be read and answered within {limit:g} s: this machine reads "
            f"{per_second:.2g} tokens a second. Ask about less, or raise "
            f"modes.{decision.mode}.deadline_ms."
        )
    return Refusal("This is longer than the model can read at once: ask about less.")


def with_text(question: PreparedQuestion, text: str) -> PreparedQuestion:
    """Return the question with ``text`` at the end of its last message."""
    *earlier, last = question.conversation.messages
    messages = (*earlier, Message(last.role, last.text + text))
    return evolve(question, conversation=evolve(question.conversation, messages=messages))


def with_system_text(question: PreparedQuestion, text: str) -> PreparedQuestion:
    """Return the question with another system prompt."""
    system, *rest = question.conversation.messages
    messages = (Message(system.role, text), *rest)
    return evolve(question, conversation=evolve(question.conversation, messages=messages))


async def follow_up(
    question: PreparedQuestion, answer: str, text: str, session: Session
) -> PreparedQuestion | None:
    """Return the question that continues the conversation; None if it does not fit the lane.

    Raises:
        EngineError: The engine is gone.
    """
    messages = (
        *question.conversation.messages,
        Message("assistant", answer),
        Message("user", text),
    )
    model = await session.backend.engine.ready(question.decision.lane)
    thinking = question.decision.budget.thinking_tokens > 0
    conversation = await session.templates.lay_out(messages, model, thinking=thinking)
    drafts = (answer, *question.drafts)
    question = evolve(question, conversation=conversation, drafts=drafts)
    return question if await tokens_left(question, session.backend) >= 0 else None
