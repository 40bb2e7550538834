"""Work for idle moments after an answer: a new anchor, the next suggestion, a tree up to date.

It ends when the user types something else. The engine runs it after everything else, in a spare
sequence of the KV cache.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

from attrs import evolve

from leanwide.context.view import View
from leanwide.context.window import Window, follow, move_anchor
from leanwide.engine.base import EngineError
from leanwide.engine.specs import FimTokens
from leanwide.features.completion.generate import start_prefetch
from leanwide.features.completion.idle_prefill import prefill_whole, prefill_window
from leanwide.features.completion.page_prefill import prefill_pages
from leanwide.features.completion.request import CompletionRequest, waiting_request
from leanwide.features.completion.state import CompletionState
from leanwide.features.completion.suggestions import KnownAnswer
from leanwide.features.completion.window import learn_typed, prompt_tokens
from leanwide.features.exclusion import exclusion_reason

_MAX_TYPED_TOKENS: Final = 32
"""A typed part longer than this, over more than one line, gets a new anchor."""
_PARSE_PAUSE_S: Final = 2.0
"""Seconds without a key after which parsing a long file again keeps no request waiting."""


async def prefetch(view: View, fim: FimTokens, answer: KnownAnswer, state: CompletionState) -> None:
    """Prepare for what comes after an answer at a view was accepted, or more was typed there."""
    if await exclusion_reason(view, state.session.names) is not None:
        return
    request = waiting_request(view, fim, time.monotonic(), state.session)
    trees = state.session.trees
    trees.follow(view)
    await asyncio.sleep(0)  # in a text of 100,000 lines each step takes some milliseconds
    with contextlib.suppress(EngineError):
        if (window := await _window_to_move(request, state)) is not None:
            await prefill_window(request, window, state)
        await asyncio.sleep(0)
        next_view = view.with_inserted(answer.shown)
        if state.known(next_view) is None and state.under_way(next_view) is None:
            await asyncio.sleep(0)
            await start_prefetch(evolve(request, view=next_view), state)
        last = state.windows.get(view.uri)
        short = state.session.backend.machine.memory_short
        if last is not None and not last.whole and not short:
            await prefill_whole(request, state)
    if trees.outdated(view):
        await asyncio.sleep(_PARSE_PAUSE_S)
        await trees.at(view)
    await prefill_pages(request, state, state.pause_seconds)


async def _window_to_move(request: CompletionRequest, state: CompletionState) -> Window | None:
    """Return the window with its anchor on the cursor's line; None where it has to stay."""
    view, backend = request.view, state.session.backend
    last = state.windows.get(view.uri)
    window = follow(view, last) if last is not None else None
    if window is None or window.anchor_line == view.line:
        return None
    count = request.count
    await learn_typed(view, window, count)
    if count(window.typed) <= _MAX_TYPED_TOKENS:
        return None
    moved = move_anchor(view, window, count)
    room = prompt_tokens(backend.engine, request.full_decision) - count(moved.typed)
    return moved if moved.tokens <= room else None
