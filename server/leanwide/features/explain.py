"""Explain: a selection, or the definition at the cursor, in Markdown that streams."""

from __future__ import annotations

import asyncio
import time
from typing import Final

from leanwide.context.passage import choose_passage
from leanwide.engine.base import CancelToken
from leanwide.features.gate import why_left_alone
from leanwide.features.quoting import Place, Source, quote
from leanwide.features.wide import (
    Answer,
    Question,
    Show,
    Silence,
    answer,
    asked,
    decide,
    free_answer,
    tokens_left,
)
from leanwide.features.workbench import Workbench
from leanwide.modes.router import Signals, Task, route
from leanwide.prompt.question import explain_question

_NOTHING: Final = "There is nothing to explain here: the place holds only white space."
_FOLDED: Final = "The code is longer than the model can read at once: parts of it were left out."
_TOO_LONG: Final = "There is nothing to explain here: not even one line fits the context."


async def explain(place: Place, bench: Workbench, cancel: CancelToken, show: Show) -> Answer:
    """Explain what is at a place, passing the Markdown on while it comes.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    view, began = place.view, time.monotonic()
    silence = Silence(route(Task.EXPLAIN, Signals(pinned=bench.pinned), bench.profiles), began)
    if reason := await asyncio.to_thread(why_left_alone, view, bench.manners.exclusions):
        return free_answer(f"{reason}.", silence, bench, show)
    tree = await bench.trees.ahead(view)
    passage = choose_passage(view, place.selection, tree)
    if passage is None:
        return free_answer(_NOTHING, silence, bench, show)
    known = Signals(selection_lines=passage.last - passage.first)
    decision, conversation = await decide(Task.EXPLAIN, bench.texts["explain"], bench, known)
    room = await tokens_left(decision.budget, conversation, bench)
    quoted = await quote(passage, Source(view, tree), room, explain_question, bench)
    if not quoted.text:
        return free_answer(_TOO_LONG, silence, bench, show)
    question = Question(
        decision=decision,
        conversation=asked(quoted.text, conversation),
        began=began,
        note="" if quoted.whole else _FOLDED,
    )
    return await answer(question, bench, cancel, show)


async def explainable(place: Place, bench: Workbench) -> bool:
    """Whether there is something to explain, as far as can be told without the model."""
    if await asyncio.to_thread(why_left_alone, place.view, bench.manners.exclusions):
        return False
    tree = await bench.trees.ahead(place.view)
    return choose_passage(place.view, place.selection, tree) is not None
