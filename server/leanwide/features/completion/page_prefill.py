"""Prefills the pages around a place while no request waits, so that a jump finds its context."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from attrs import evolve, frozen

from leanwide.context.earlier import earlier_views
from leanwide.context.pages import Page, pages
from leanwide.context.view import View, with_lf
from leanwide.context.window import Related
from leanwide.engine.base import EngineError
from leanwide.engine.requests import Priority, Prompt, Request
from leanwide.features.completion.idle_prefill import evaluate
from leanwide.features.completion.request import CompletionRequest
from leanwide.features.completion.state import CompletionState
from leanwide.features.completion.window import page_characters, page_of, prompt_tokens
from leanwide.prompt.infill import prefix_prompt

_OTHER_SEQUENCES: Final = 3
"""Sequences of the lane that hold no page: the prompt in use, its next version, and another
document's prompt."""
_MIN_UNREAD_TOKENS: Final = 64
"""With fewer tokens to evaluate, a jump is quick already."""
_OUTDATED_PAUSES: Final = 5
"""How many usual pauses are waited for before a page that an edit outdated is prefilled again."""


@frozen
class _PagePrompt:
    """A page, and the beginning of the prompts of its places."""

    page: Page
    prompt: Prompt


async def prefill_pages(
    request: CompletionRequest, state: CompletionState, pause_seconds: float = 0.0
) -> None:
    """Prefill the page of a place and those next to it, after a pause without a key.

    A page that is cached as it was before the last edits serves a jump as well. It is prefilled
    again after a longer pause only, so that not every edit costs all of it.
    """
    session = state.session
    if not session.preferences.follow_cursor or session.backend.machine.skips_background_work:
        return
    with contextlib.suppress(EngineError):
        unread = await _unread_pages(request, state)
        outdated = [one for one in unread if await _is_cached_earlier(one.page, request, state)]
        new = [one for one in unread if one not in outdated]
        await _prefill_after(pause_seconds, new, request, state)
        await _prefill_after(_OUTDATED_PAUSES * state.pause_seconds, outdated, request, state)


async def _prefill_after(
    seconds: float,
    prompts: Sequence[_PagePrompt],
    request: CompletionRequest,
    state: CompletionState,
) -> None:
    """Prefill pages after some seconds.

    Raises:
        EngineError: The engine is gone.
    """
    if not prompts:
        return
    await asyncio.sleep(seconds)
    state.note_prefilled(request.view)
    engine, lane = state.session.backend.engine, request.full_decision.lane
    for one in prompts:
        (unread,) = await engine.unread(lane, [one.prompt])
        if unread < _MIN_UNREAD_TOKENS:  # it stands at the beginning of the page before
            continue
        prefill = Request(
            lane=lane,
            prompt=one.prompt,
            priority=Priority.BACKGROUND,
            max_tokens=0,
            deadline_ms=request.full_decision.budget.deadline_ms,
            shared_prefix=True,
        )
        await evaluate(prefill, engine)


async def _unread_pages(request: CompletionRequest, state: CompletionState) -> list[_PagePrompt]:
    """Return the pages that are worth to be prefilled, the nearest first.

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
    texts = [_text(view, page.begins, page.end) for page in found]
    room = prompt_tokens(engine, request.full_decision) - related.tokens
    sizes = await engine.count(lane, texts)
    prompts = [
        _PagePrompt(page, prefix_prompt(related, text, request.fim))
        for page, text, size in zip(found, texts, sizes, strict=True)
        if 0 < size <= room  # a page of very long words is prefilled around its places only
    ]
    unread = await engine.unread(lane, [one.prompt for one in prompts])
    return [
        one for one, tokens in zip(prompts, unread, strict=True) if tokens >= _MIN_UNREAD_TOKENS
    ]


async def _is_cached_earlier(
    page: Page, request: CompletionRequest, state: CompletionState
) -> bool:
    """Whether a page is in the KV cache as it was before the last edits.

    Raises:
        EngineError: The engine is gone.
    """
    view, engine = request.view.at(page.end, 0), state.session.backend.engine
    related = state.related.get(view.uri, Related())
    texts = state.prefilled.get(view.uri, ())
    for earlier in await asyncio.to_thread(earlier_views, view, texts):
        last_line = evolve(earlier, line=max(0, earlier.line - 1))
        then = await page_of(evolve(request, view=last_line), state)
        text = _text(earlier, then.begins, earlier.line)
        prompt = prefix_prompt(related, text, request.fim)
        (unread,) = await engine.unread(request.full_decision.lane, [prompt])
        if unread < _MIN_UNREAD_TOKENS:
            return True
    return False


def _text(view: View, first: int, last: int) -> str:
    """Return the lines ``first`` up to, not including, ``last``, with LF endings."""
    return with_lf("".join(view.lines[first:last]))


def _nearest(request: CompletionRequest, characters: int, count: int) -> Sequence[Page]:
    """Return up to ``count`` pages: the cursor's, the one below it, the one above, and so on."""
    line, found = request.view.line, list(pages(request.view.lines, characters))
    here = next((n for n, page in enumerate(found) if line < page.end), len(found) - 1)
    order = sorted(range(len(found)), key=lambda n: (abs(n - here), n < here))
    return [found[number] for number in order[:count]]
