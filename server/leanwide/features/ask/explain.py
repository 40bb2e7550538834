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
    answer,
    asked,
    decide,
    free_answer,
    tokens_left,
    too_long,
)
from leanwide.features.ask.question_context import quote
from leanwide.features.ask.selection import Selection, find
from leanwide.features.completion.trained_languages import tell_foreign
from leanwide.features.session import Workbench
from leanwide.modes.router import Signals, Task, route
from leanwide.prompt.question import explain_question

_FOLDED: Final = "The code is longer than the model can read at once: parts of it were left out."


async def explain(place: Selection, bench: Workbench, cancel: CancelToken, show: Show) -> Answer:
    """Explain what is at a place, passing the Markdown on while it comes.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    began = time.monotonic()
    silence = SkippedRequest(
        route(Task.EXPLAIN, Signals(pinned=bench.pinned), bench.profiles), began
    )
    found = await find(place, "explain", bench)
    if isinstance(found, str):
        return free_answer(found, silence, bench, show)
    known = Signals(selection_lines=found.passage.last - found.passage.first)
    decision, conversation = await decide(Task.EXPLAIN, bench.texts["explain"], bench, known)
    tell_foreign(found.view, bench)
    room = await tokens_left(decision.budget, conversation, bench)
    quoted = await quote(found, room, explain_question, bench)
    if not quoted.text:
        return free_answer(too_long(decision, bench), silence, bench, show)
    question = PreparedQuestion(
        decision=decision,
        conversation=asked(quoted.text, conversation),
        began=began,
        note="" if quoted.whole else _FOLDED,
    )
    return await answer(question, bench, cancel, show)
