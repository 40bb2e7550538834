"""Explain: a selection, or the definition at the cursor, in Markdown that streams."""

from __future__ import annotations

import time

from attrs import evolve

from leanwide.engine.requests import CancelToken
from leanwide.features.ask.answer_stream import Show
from leanwide.features.ask.ask import Answer, ask, canned_answer
from leanwide.features.ask.prepare import (
    PreparedQuestion,
    begin_question,
    tokens_left,
    too_long,
    with_text,
)
from leanwide.features.ask.question_context import quote
from leanwide.features.ask.selection import Selection, resolve
from leanwide.features.refusal import Refusal
from leanwide.features.session import Session
from leanwide.modes.router import Signals, Task
from leanwide.prompt.question import explain_question


async def explain(
    selection: Selection, session: Session, cancel: CancelToken, show: Show
) -> Answer:
    """Explain the selected code, and show the Markdown while it is generated.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    began = time.monotonic()
    try:
        question = await _prepare(selection, session, began)
    except Refusal as refusal:
        return canned_answer(refusal, Task.EXPLAIN, session, began, show)
    return await ask(question, session, cancel, show)


async def _prepare(selection: Selection, session: Session, began: float) -> PreparedQuestion:
    """Return the question about a selection.

    Raises:
        Refusal: There is nothing to explain, or it does not fit.
        EngineError: The model cannot be loaded.
    """
    resolved = await resolve(selection, "explain", session)
    signals = Signals(selection_lines=resolved.passage.last - resolved.passage.first)
    question = await begin_question(Task.EXPLAIN, signals, session, began)
    session.notify_untrained(resolved.view, question.decision.lane)
    room = await tokens_left(question, session.backend)
    count = session.backend.counter(question.decision.lane)
    quoted = await quote(resolved, room, explain_question, count, session)
    if quoted is None:
        raise too_long(question.decision, session)
    return evolve(with_text(question, quoted.text), note=quoted.note)
