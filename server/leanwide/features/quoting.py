"""A passage of a document in a question, in as many tokens as there are for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from itertools import islice
from pathlib import PurePath
from typing import Final

from attrs import evolve, frozen

from leanwide.context.folding import fold, texts_to_count
from leanwide.context.passage import Passage
from leanwide.context.surroundings import helpful, run_lines, surroundings
from leanwide.context.view import View
from leanwide.features.counting import TokenCounter
from leanwide.prompt.question import About
from leanwide.syntax import Position, Span, SyntaxTree

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


def whole(view: View) -> Place:
    """Select all of a document; the view's cursor has to be at its beginning."""
    last = max(0, len(view.lines) - 1)
    end = len(view.lines[last].rstrip("\r\n")) if view.lines else 0
    return Place(view=view, end=Position(last, end))


@frozen
class Source:
    """A document and its syntax."""

    view: View
    tree: SyntaxTree | None


@frozen
class Quoted:
    """What the model is asked."""

    text: str
    """"" where no line of the code has room."""
    whole: bool
    """All of the code is in it."""


def is_binary(view: View, passage: Passage) -> bool:
    """Whether the passage holds what no text has."""
    return any("\0" in line for line in view.lines[passage.first : passage.last])


async def quote(
    passage: Passage,
    source: Source,
    room: int,
    count: TokenCounter,
    ask: Callable[[About], str],
) -> Quoted:
    """Put a passage into a question of at most ``room`` tokens, which ``ask`` words.

    Raises:
        EngineError: The engine is gone, so that nothing can be counted.
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
    frame = ask(about)
    lines = run_lines(view, runs)
    await count.learn((frame, *lines))
    await count.learn(islice(texts_to_count(view, passage, tree), _MOST_COUNTED))
    room -= count(frame)
    code = await asyncio.to_thread(fold, view, passage, tree, room, count)
    if not code.whole:
        room_around = min(sum(map(count, lines)), int(room * _AROUND_SHARE))
        code = await asyncio.to_thread(fold, view, passage, tree, room - room_around, count)
    if not code.text:
        return Quoted("", whole=False)
    around = surroundings(view, runs, room - count(code.text), count)
    return Quoted(ask(evolve(about, code=code.text, around=around)), code.whole)
