"""Explain: a selection, or the definition at the cursor, in Markdown that streams."""

from __future__ import annotations

import time
from typing import Final

from leanwide.engine.base import CancelToken
from leanwide.features.ask.ask import (
    Answer,
    PreparedQuestion,
    Show,
    SkippedRequest,
    ask,
    asked,
    decide,
    canned_answer,
    tokens_left,
    too_long,
)
from leanwide.features.ask.question_context import quote
from leanwide.features.ask.selection import Selection, resolve
from leanwide.features.session import Session
from leanwide.features.trained_languages import notify_untrained
from leanwide.modes.router import Signals, Task, route
from leanwide.prompt.question import explain_question

_FOLDED: Final = "The code is longer than the model can read at once: parts of it were left out."


async def explain(place: Selection, session: Session, cancel: CancelToken, show: Show) -> Answer:
    """Explain what is at a place, passing the Markdown on while it comes.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    began = time.monotonic()
    silence = SkippedRequest(
        route(Task.EXPLAIN, Signals(pinned=session.pinned), session.profiles), began
    )
    found = await resolve(place, "explain", session)
    if isinstance(found, str):
        return canned_answer(found, silence, session, show)
    known = Signals(selection_lines=found.passage.last - found.passage.first)
    decision, conversation = await decide(Task.EXPLAIN, session.texts["explain"], session, known)
    notify_untrained(found.view, session)
    room = await tokens_left(decision.budget, conversation, session)
    quoted = await quote(found, room, explain_question, session)
    if not quoted.text:
        return canned_answer(too_long(decision, session), silence, session, show)
    question = PreparedQuestion(
        decision=decision,
        conversation=asked(quoted.text, conversation),
        began=began,
        note="" if quoted.whole else _FOLDED,
    )
    return await ask(question, session, cancel, show)
