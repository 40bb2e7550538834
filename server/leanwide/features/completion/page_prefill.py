"""Prefills the pages around a place while no request waits, so that a jump finds its context."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from leanwide.context.pages import Page, pages
from leanwide.context.view import with_lf
from leanwide.context.window import Related
from leanwide.engine.base import EngineError
from leanwide.engine.requests import Priority, Request
from leanwide.features.completion.prefill import evaluate
from leanwide.features.completion.request import CompletionRequest
from leanwide.features.completion.state import CompletionState
from leanwide.features.completion.window import page_characters, prompt_tokens
from leanwide.prompt.infill import prefix_prompt

_OTHER_SEQUENCES: Final = 3
"""Sequences of the lane that hold no page: the prompt in use, its next version, and another
document's prompt."""
_MIN_UNREAD_TOKENS: Final = 64
"""With fewer tokens to evaluate, a jump is quick already."""


async def prefill_pages(
    request: CompletionRequest, state: CompletionState, pause_seconds: float = 0.0
) -> None:
    """Prefill the page of a place and those next to it, after a pause without a key."""
    session = state.session
    if not session.preferences.follow_cursor or session.backend.machine.skips_background_work:
        return
    with contextlib.suppress(EngineError):
        unread = await _unread_pages(request, state)
        if unread:
            await asyncio.sleep(pause_seconds)
            state.note_prefilled(request.view)
        for prefill in unread:
            await evaluate(prefill, session.backend.engine)


async def _unread_pages(request: CompletionRequest, state: CompletionState) -> list[Request]:
    """Return the requests that prefill the pages that are worth it, the nearest first.

    Raises:
        EngineError: The engine is gone.
    """
    engine, view = state.session.backend.engine, request.view
    lane = request.full_decision.lane
    sequences = max((info.sequences for info in engine.lanes if info.name == lane), default=0)
    characters = await page_characters(request, state)
    most = max(0, sequences - _OTHER_SEQUENCES)
    found = await asyncio.to_thread(_nearest, request, characters, most)
    related = state.related.get(view.uri, Related())
    texts = [with_lf("".join(view.lines[page.begins : page.end])) for page in found]
    room = prompt_tokens(engine, request.full_decision) - related.tokens
    sizes = await engine.count(lane, texts)
    prompts = [
        prefix_prompt(related, text, request.fim)
        for text, size in zip(texts, sizes, strict=True)
        if 0 < size <= room  # a page of very long words is prefilled around its places only
    ]
    unread = await engine.unread(lane, prompts)
    return [
        Request(
            lane=lane,
            prompt=prompt,
            priority=Priority.BACKGROUND,
            max_tokens=0,
            deadline_ms=request.full_decision.budget.deadline_ms,
            shared_prefix=True,
        )
        for prompt, unread_tokens in zip(prompts, unread, strict=True)
        if unread_tokens >= _MIN_UNREAD_TOKENS
    ]


def _nearest(request: CompletionRequest, characters: int, count: int) -> Sequence[Page]:
    """Return up to ``count`` pages: the cursor's, the one below it, the one above, and so on."""
    line, found = request.view.line, list(pages(request.view.lines, characters))
    here = next((n for n, page in enumerate(found) if line < page.end), len(found) - 1)
    order = sorted(range(len(found)), key=lambda n: (abs(n - here), n < here))
    return [found[number] for number in order[:count]]
