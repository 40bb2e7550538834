"""Explain: a selection, or the definition at the cursor, in Markdown that streams."""

from __future__ import annotations

import asyncio
import time
from itertools import islice
from pathlib import PurePath
from typing import Final

from attrs import evolve, frozen

from leanwide.context.folding import fold, texts_to_count
from leanwide.context.passage import Passage, choose_passage
from leanwide.context.surroundings import helpful, run_lines, surroundings
from leanwide.context.view import View
from leanwide.engine.base import CancelToken
from leanwide.features.counting import TokenCounter
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
from leanwide.prompt.question import About, explain_question
from leanwide.syntax import Position, Span, SyntaxTree

_NOTHING: Final = "There is nothing to explain here: the place holds only white space."
_FOLDED: Final = "The code is longer than the model can read at once: parts of it were left out."
_TOO_LONG: Final = "There is nothing to explain here: not even one line fits the context."
_MOST_COUNTED: Final = 20_000
"""Texts of a passage that are counted exactly; what follows has no room anyway."""
_AROUND_SHARE: Final = 0.25
"""Share of the room that is kept for what stands around a passage that is folded."""


@frozen(kw_only=True)
class Place:
    """A selection in a document; empty, it is the cursor."""

    view: View
    """With the cursor at the selection's start."""
    end: Position

    @property
    def selection(self) -> Span:
        """From the cursor to the end."""
        return Span(Position(self.view.line, self.view.column), self.end)


@frozen
class Source:
    """A document and its syntax."""

    view: View
    tree: SyntaxTree | None


async def explain(place: Place, bench: Workbench, cancel: CancelToken, show: Show) -> Answer:
    """Explain what is at a place, passing the Markdown on while it comes.

    Raises:
        EngineError: The model cannot be loaded, or died while it answered.
    """
    view, began = place.view, time.monotonic()
    silence = Silence(route(Task.EXPLAIN, Signals(), bench.profiles), began)
    if reason := bench.manners.exclusions.why(view.path):
        return free_answer(f"{reason}.", silence, bench, show)
    tree = await bench.trees.ahead(view)
    passage = choose_passage(view, place.selection, tree)
    if passage is None:
        return free_answer(_NOTHING, silence, bench, show)
    if any("\0" in line for line in view.lines[passage.first : passage.last]):
        name = PurePath(view.path).name
        return free_answer(
            f"{name} is not text: there is nothing to explain.", silence, bench, show
        )
    known = Signals(selection_lines=passage.last - passage.first)
    decision, conversation = await decide(Task.EXPLAIN, bench.texts["explain"], bench, known)
    room = await tokens_left(decision.budget, conversation, bench)
    text, whole = await _question_text(passage, Source(view, tree), room, bench.counter)
    if not text:
        return free_answer(_TOO_LONG, silence, bench, show)
    question = Question(
        decision=decision,
        conversation=asked(text, conversation),
        began=began,
        note="" if whole else _FOLDED,
    )
    return await answer(question, bench, cancel, show)


async def explainable(place: Place, bench: Workbench) -> bool:
    """Whether there is something to explain, as far as can be told without the model."""
    if bench.manners.exclusions.why(place.view.path):
        return False
    tree = await bench.trees.ahead(place.view)
    return choose_passage(place.view, place.selection, tree) is not None


async def _question_text(
    passage: Passage, source: Source, room: int, count: TokenCounter
) -> tuple[str, bool]:
    """What the model is asked in at most ``room`` tokens, and whether all of the code is in it.

    The text is "" where no line of the code has room.
    """
    view, tree = source.view, source.tree
    runs = await asyncio.to_thread(helpful, passage, tree)
    about = About(
        file=PurePath(view.path).name,
        language=tree.language.name if tree is not None else "",
        code="",
        focus=passage.focus,
        around=" ",
    )
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
