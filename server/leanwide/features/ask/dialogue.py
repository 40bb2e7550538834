"""A conversation whose messages the client keeps: the model reads these and nothing else."""

from __future__ import annotations

import time
from collections.abc import Sequence

from leanwide.engine.requests import CancelToken
from leanwide.features.answer_wishes import AnswerWishes
from leanwide.features.ask.answer_stream import Show
from leanwide.features.ask.ask import PlainAnswer, ask_plainly
from leanwide.features.ask.prepare import begin_conversation, tokens_left, too_long
from leanwide.features.session import Session
from leanwide.modes.difficulty import difficulty
from leanwide.modes.router import Signals, Task
from leanwide.prompt.chat import Message


async def continue_dialogue(
    messages: Sequence[Message],
    wishes: AnswerWishes,
    session: Session,
    cancel: CancelToken,
    show: Show,
) -> PlainAnswer:
    """Answer the last message of a conversation.

    Raises:
        Refusal: The conversation does not fit, or cannot be read in time.
        EngineError: The model cannot be loaded, or died while it answered.
    """
    # Only a question alone is trivial: the lean lane would have to read all that is before it.
    alone = len(messages) == 1
    signals = Signals(difficulty=difficulty(messages[0].text) if alone else None)
    question = await begin_conversation(messages, Task.CHAT, signals, session, time.monotonic())
    if await tokens_left(question, session.backend) < 0:
        raise too_long(question.decision, session)
    return await ask_plainly(question, wishes, session, cancel, show)
