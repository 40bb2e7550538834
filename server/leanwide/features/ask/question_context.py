"""The code in a question, and what helps to understand it, within a number of tokens."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from itertools import islice
from typing import Final

from attrs import evolve, frozen

from leanwide.context.folding import fold, texts_to_count
from leanwide.context.related import MAX_SNIPPETS
from leanwide.context.snippet import Snippet
from leanwide.context.surroundings import helpful_runs, names_used, run_lines, surroundings
from leanwide.features.ask.selection import (
    ResolvedSelection,
    context_without_code,
    first_definition,
)
from leanwide.features.session import Session
from leanwide.features.token_counter import TokenCounter
from leanwide.prompt.question import CodeContext, calling, quoted

_MAX_COUNTED_TEXTS: Final = 20_000
"""Texts of a passage that are counted exactly; what follows does not fit anyway."""
_FOLDED: Final = "The code is longer than the model can read at once: parts of it were left out."
_AROUND_SHARE: Final = 0.25
"""Share of the room that is kept for the lines around a passage that is folded."""


@frozen
class QuotedPassage:
    """A question with the code that it is about."""

    text: str
    note: str | None
    """A sentence for the user if lines of the code were left out."""


async def quote(
    resolved: ResolvedSelection,
    room: int,
    ask: Callable[[CodeContext], str],
    count: TokenCounter,
    session: Session,
) -> QuotedPassage | None:
    """Put a passage into a question of at most ``room`` tokens; None if no line of it fits.

    The room that the passage leaves goes to the lines around it, to what it uses of other files,
    and to its callers, in this order.

    Args:
        resolved: The passage.
        room: Tokens for the whole question.
        ask: Words the question.
        count: Counts tokens of the model that is asked.
        session: The workspace.

    Raises:
        EngineError: The engine is gone, so that tokens cannot be counted.
    """
    view, passage, tree = resolved.view, resolved.passage, resolved.tree
    runs = await asyncio.to_thread(helpful_runs, passage, tree)
    context = context_without_code(resolved)
    frame = ask(context)
    lines = run_lines(view, runs)
    await count.learn((frame, *lines))
    texts = islice(texts_to_count(view, passage, tree), _MAX_COUNTED_TEXTS)
    await count.learn(await asyncio.to_thread(list, texts))
    room -= count(frame)
    code = await asyncio.to_thread(fold, view, passage, tree, room, count)
    if not code.whole:
        room_around = min(sum(map(count, lines)), int(room * _AROUND_SHARE))
        code = await asyncio.to_thread(fold, view, passage, tree, room - room_around, count)
    if not code.text:
        return None
    around = surroundings(view, runs, room - count(code.text), count)
    context = evolve(context, code=code.text, around=around)
    room -= count(code.text) + count(around)
    used = await used_elsewhere(resolved, room, count, session)
    room -= sum(count(_shown(quoted, snippet, resolved)) for snippet in used)
    calls = await callers(resolved, room, count, session)
    text = ask(evolve(context, elsewhere=used, callers=calls))
    return QuotedPassage(text, None if code.whole else _FOLDED)


async def used_elsewhere(
    resolved: ResolvedSelection, room: int, count: TokenCounter, session: Session
) -> tuple[Snippet, ...]:
    """Return definitions in other files of what the passage uses, in at most ``room`` tokens."""
    key = _key(resolved, session)
    if resolved.tree is None or key is None:
        return ()
    names = await asyncio.to_thread(names_used, resolved.passage, resolved.tree)
    definitions = (await session.workspace.definitions(names, key))[:MAX_SNIPPETS]
    show = partial(_shown, quoted, resolved=resolved)
    return await _fitting(definitions, show, room, count)


async def callers(
    resolved: ResolvedSelection, room: int, count: TokenCounter, session: Session
) -> tuple[Snippet, ...]:
    """Return calls of the passage's first definition from outside, in at most ``room`` tokens."""
    definition = await asyncio.to_thread(first_definition, resolved)
    key = _key(resolved, session)
    if definition is None or key is None:
        return ()
    inside = range(resolved.passage.first, resolved.passage.last)
    calls = [
        snippet
        for snippet in await session.workspace.callers(definition.name, key)
        if snippet.path != key or snippet.line not in inside
    ]
    show = partial(_shown, calling, resolved=resolved)
    return await _fitting(calls, show, room, count)


def _key(resolved: ResolvedSelection, session: Session) -> str | None:
    return session.workspace.key(session.names.place(resolved.view.path))


async def _fitting(
    snippets: Sequence[Snippet], show: Callable[[Snippet], str], room: int, count: TokenCounter
) -> tuple[Snippet, ...]:
    """Return the first snippets that, as ``show`` words them, fit into ``room`` tokens."""
    texts = [show(snippet) for snippet in snippets]
    await count.learn(texts)
    kept: list[Snippet] = []
    for snippet, cost in zip(snippets, map(count, texts), strict=True):
        if cost <= room:
            kept.append(snippet)
            room -= cost
    return tuple(kept)


def _shown(
    show: Callable[[Snippet, str], str], snippet: Snippet, resolved: ResolvedSelection
) -> str:
    """Return a snippet as the question shows it, with the blank line after it."""
    return show(snippet, resolved.language_name) + "\n\n"
