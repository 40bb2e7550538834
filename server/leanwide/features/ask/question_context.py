"""A passage of a document in a question, in as many tokens as there are for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Final

from attrs import evolve, frozen

from leanwide.context.folding import fold, texts_to_count
from leanwide.context.related import MOST
from leanwide.context.snippet import Snippet
from leanwide.context.surroundings import helpful, names_used, run_lines, surroundings
from leanwide.features.ask.selection import (
    ResolvedSelection,
    context_without_code,
    first_definition,
)
from leanwide.features.session import Session
from leanwide.prompt.question import CodeContext, calling, quoted

_MOST_COUNTED: Final = 20_000
"""Texts of a passage that are counted exactly; what follows has no room anyway."""
_AROUND_SHARE: Final = 0.25
"""Share of the room that is kept for what stands around a passage that is folded."""


@frozen
class QuotedPassage:
    """What the model is asked."""

    text: str
    """"" where no line of the code has room."""
    whole: bool
    """All of the code is in it."""


async def quote(
    found: ResolvedSelection,
    room: int,
    ask: Callable[[CodeContext], str],
    session: Session,
) -> QuotedPassage:
    """Put a passage into a question of at most ``room`` tokens, which ``ask`` words.

    What stands around the passage, what it uses of other files and who uses it take what it
    leaves, in this order.

    Raises:
        EngineError: The engine is gone, so that nothing can be counted.
    """
    view, passage, tree, count = found.view, found.passage, found.tree, session.backend.counter
    runs = await asyncio.to_thread(helpful, passage, tree)
    about = context_without_code(found)
    frame = ask(about)
    lines = run_lines(view, runs)
    await count.learn((frame, *lines))
    texts = islice(texts_to_count(view, passage, tree), _MOST_COUNTED)
    await count.learn(await asyncio.to_thread(list, texts))
    room -= count(frame)
    code = await asyncio.to_thread(fold, view, passage, tree, room, count)
    if not code.whole:
        room_around = min(sum(map(count, lines)), int(room * _AROUND_SHARE))
        code = await asyncio.to_thread(fold, view, passage, tree, room - room_around, count)
    if not code.text:
        return QuotedPassage("", whole=False)
    around = surroundings(view, runs, room - count(code.text), count)
    about = evolve(about, code=code.text, around=around)
    room -= count(code.text) + count(around)
    about = evolve(about, elsewhere=await used_elsewhere(found, room, session))
    room -= sum(count(_shown(quoted, one, found)) for one in about.elsewhere)
    about = evolve(about, callers=await callers(found, room, session))
    return QuotedPassage(ask(about), code.whole)


async def used_elsewhere(
    found: ResolvedSelection, room: int, session: Session
) -> tuple[Snippet, ...]:
    """Definitions in other files of what the passage uses, as many as fit into ``room`` tokens."""
    tree, key = found.tree, _key(found, session)
    if tree is None or key is None:
        return ()
    names = await asyncio.to_thread(names_used, found.passage, tree)
    definitions = (await session.workspace.definitions(names, key))[:MOST]
    return await _fitting(definitions, partial(_shown, quoted, found=found), room, session)


async def callers(found: ResolvedSelection, room: int, session: Session) -> tuple[Snippet, ...]:
    """Where the first thing that a passage defines is called outside of the passage.

    Gives as many places as fit into ``room`` tokens.
    """
    definition, key = await asyncio.to_thread(first_definition, found), _key(found, session)
    if definition is None or key is None:
        return ()
    inside = range(found.passage.first, found.passage.last)
    using = [
        one
        for one in await session.workspace.callers(definition.name, key)
        if one.path != key or one.line not in inside
    ]
    return await _fitting(using, partial(_shown, calling, found=found), room, session)


def _key(found: ResolvedSelection, session: Session) -> str | None:
    return session.workspace.key(session.names.place(found.view.path))


async def _fitting(
    snippets: Sequence[Snippet], show: Callable[[Snippet], str], room: int, session: Session
) -> tuple[Snippet, ...]:
    """The snippets that fit into ``room`` tokens as they are shown, the first ones first."""
    texts = [show(one) for one in snippets]
    await session.backend.counter.learn(texts)
    kept: list[Snippet] = []
    for one, cost in zip(snippets, map(session.backend.counter, texts), strict=True):
        if cost <= room:
            kept.append(one)
            room -= cost
    return tuple(kept)


def _shown(show: Callable[[Snippet, str], str], snippet: Snippet, found: ResolvedSelection) -> str:
    """A snippet as it stands in the question, with the blank line after it."""
    return show(snippet, found.language.name if found.language is not None else "") + "\n\n"
