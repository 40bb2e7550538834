"""Explain: a selection, or the definition at the cursor, in Markdown that streams."""

from __future__ import annotations

import asyncio
import time
from itertools import islice
from typing import Final

from attrs import evolve

from leanwide.context.folding import fold, texts_to_count
from leanwide.context.surroundings import helpful, run_lines, surroundings
from leanwide.engine.base import CancelToken
from leanwide.features.counting import TokenCounter
from leanwide.features.place import Found, Place, about_nothing, find
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

_FOLDED: Final = "The code is longer than the model can read at once: parts of it were left out."
_TOO_LONG: Final = "There is nothing to explain here: not even one line fits the context."
_MOST_COUNTED: Final = 20_000
"""Texts of a passage that are counted exactly; what follows has no room anyway."""
_AROUND_SHARE: Final = 0.25
"""Share of the room that is kept for what stands around a passage that is folded."""


async def explain(place: Place, bench: Workbench, cancel: CancelToken, show: Show) -> Answer:
    """Explain what is at a place, passing the Markdown on while it comes.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    began = time.monotonic()
    silence = Silence(route(Task.EXPLAIN, Signals(), bench.profiles), began)
    found = await find(place, "explain", bench)
    if isinstance(found, str):
        return free_answer(found, silence, bench, show)
    decision, conversation = await decide(Task.EXPLAIN, bench.texts["explain"], bench)
    room = await tokens_left(decision.budget, conversation, bench)
    text, whole = await _question_text(found, room, bench.counter)
    if not text:
        return free_answer(_TOO_LONG, silence, bench, show)
    question = Question(
        decision=decision,
        conversation=asked(text, conversation),
        began=began,
        note="" if whole else _FOLDED,
    )
    return await answer(question, bench, cancel, show)


async def _question_text(found: Found, room: int, count: TokenCounter) -> tuple[str, bool]:
    """What the model is asked in at most ``room`` tokens, and whether all of the code is in it.

    The text is "" where no line of the code has room.
    """
    view, passage, tree = found.view, found.passage, found.tree
    runs = await asyncio.to_thread(helpful, passage, tree)
    about = about_nothing(found)
    frame = explain_question(about)
    lines = run_lines(view, runs)
    await count.learn((frame, *lines))
    await count.learn(islice(texts_to_count(view, passage, tree), _MOST_COUNTED))
    room -= count(frame)
    code = await asyncio.to_thread(fold, view, passage, tree, room, count)
    if not code.whole:
        room_around = min(sum(map(count, lines)), int(room * _AROUND_SHARE))
        code = await asyncio.to_thread(fold, view, passage, tree, room - room_around, count)
    if not code.text:
        return "", False
    around = surroundings(view, runs, room - count(code.text), count)
    return explain_question(evolve(about, code=code.text, around=around)), code.whole
