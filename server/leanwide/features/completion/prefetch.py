"""Work for the moment when nobody waits: a new anchor, the next suggestion, a tree up to date.

It ends as soon as somebody types something else. What the model reads for it goes after everything
else, and to a spare sequence of the KV cache.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

import attrs

from leanwide.context.window import Window, follow, move_anchor
from leanwide.engine.base import CancelToken, EngineError, Priority
from leanwide.features.completion.generate import start_generation
from leanwide.features.completion.page_prefill import read_pages
from leanwide.features.completion.prefill import read_whole, warm
from leanwide.features.completion.window import CompletionRequest, learn_typed, prompt_tokens
from leanwide.features.session import Workbench

_TYPED_TOKENS: Final = 32
"""A typed part longer than this, over more than one line, deserves a new anchor."""
_PAUSE_SECONDS: Final = 2.0
"""Without a key for so long, nobody is kept waiting by a long file that is read anew."""


def look_ahead(asked: CompletionRequest, shown: str, bench: Workbench) -> None:
    """Prepare for what comes after ``shown`` was accepted, or after more was typed."""
    bench.work_idle(_prepare(asked, shown, bench))


def continue_ahead(asked: CompletionRequest, bench: Workbench) -> None:
    """Have the model go on behind what was said, which is shown already."""
    if bench.under_way(asked.view) is not None:
        return
    bench.work_idle(_continue(asked, bench))


async def _continue(asked: CompletionRequest, bench: Workbench) -> None:
    with contextlib.suppress(EngineError):
        await start_generation(asked, bench, Priority.BACKGROUND, CancelToken())


async def _prepare(asked: CompletionRequest, shown: str, bench: Workbench) -> None:
    bench.trees.follow(asked.view)
    await asyncio.sleep(0)  # in a text of 100,000 lines each step takes some milliseconds
    with contextlib.suppress(EngineError):
        if (window := await _window_to_move(asked, bench)) is not None:
            await warm(asked, window, bench)
        await asyncio.sleep(0)
        next_view = asked.view.with_inserted(shown.replace(asked.view.newline, "\n"))
        if bench.known(next_view) is None and bench.under_way(next_view) is None:
            await asyncio.sleep(0)
            later = attrs.evolve(asked, view=next_view)
            await start_generation(later, bench, Priority.BACKGROUND, CancelToken())
        await _deepen(asked, bench)
    if bench.trees.outdated(asked.view):
        await asyncio.sleep(_PAUSE_SECONDS)
        await bench.trees.at(asked.view)
    await read_pages(asked, bench, bench.pause_seconds)


async def _deepen(asked: CompletionRequest, bench: Workbench) -> None:
    """Read as much of the file as the mode may have, where an answer could not wait for it.

    Raises:
        EngineError: The engine is gone.
    """
    window = bench.windows.get(asked.view.uri)
    if window is not None and not window.whole and not bench.machine.memory_short:
        await read_whole(asked, bench)


async def _window_to_move(asked: CompletionRequest, bench: Workbench) -> Window | None:
    """The window with its anchor moved to the cursor's line; None where it has to stay."""
    view, count = asked.view, bench.counter
    last = bench.windows.get(view.uri)
    window = follow(view, last) if last is not None else None
    if window is None or window.anchor_line == view.line:
        return None
    await learn_typed(view, window, count)
    if count(window.typed) <= _TYPED_TOKENS:
        return None
    moved = move_anchor(view, window, count)
    room = prompt_tokens(bench.engine, asked.patient) - count(moved.typed)
    return moved if moved.tokens <= room else None
