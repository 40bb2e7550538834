"""Reads the pages around a place while nobody waits, so that a jump finds its context read."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Final

from leanwide.context.pages import Page, pages
from leanwide.context.view import with_lf
from leanwide.context.window import Related
from leanwide.engine.base import EngineError, Priority, Request
from leanwide.features.completion.prefill import evaluate
from leanwide.features.completion.window import CompletionRequest, page_tokens, prompt_tokens
from leanwide.features.session import Workbench
from leanwide.prompt.infill import prefix_prompt

_OTHERS: Final = 3
"""Sequences of the lane that no page takes: for the prompt at hand, its next version, and another
document's."""
_WORTH_READING: Final = 64
"""Tokens; with fewer of them unread a jump is quick already."""


async def read_pages(
    asked: CompletionRequest, bench: Workbench, pause_seconds: float = 0.0
) -> None:
    """Read the page of a place and those next to it, after a pause without a key."""
    if not bench.manners.follow_cursor or bench.machine.skips_background_work:
        return
    with contextlib.suppress(EngineError):
        unread = await _unread(asked, bench)
        if unread:
            await asyncio.sleep(pause_seconds)
        for request in unread:
            await evaluate(request, bench.engine)


async def _unread(asked: CompletionRequest, bench: Workbench) -> list[Request]:
    """Return what reads the pages that are worth it, the nearest first.

    Raises:
        EngineError: The engine is gone.
    """
    lane = asked.patient.lane
    count = max((one.sequences for one in bench.engine.lanes if one.name == lane), default=0)
    tokens = page_tokens(bench, asked.patient)
    found = await asyncio.to_thread(_nearest, asked, tokens, max(0, count - _OTHERS))
    related = bench.related.get(asked.view.uri, Related())
    texts = [with_lf("".join(asked.view.lines[page.begins : page.end])) for page in found]
    room = prompt_tokens(bench.engine, asked.patient) - related.tokens
    sizes = await bench.engine.count(texts)
    prompts = [
        prefix_prompt(related, text, asked.fim)
        for text, size in zip(texts, sizes, strict=True)
        if 0 < size <= room  # a page of very long words is only read around its places
    ]
    unread = await bench.engine.unread(lane, prompts)
    return [
        Request(
            lane=lane,
            prompt=prompt,
            priority=Priority.BACKGROUND,
            max_tokens=0,
            deadline_ms=asked.patient.budget.deadline_ms,
            shared_prefix=True,
        )
        for prompt, tokens in zip(prompts, unread, strict=True)
        if tokens >= _WORTH_READING
    ]


def _nearest(asked: CompletionRequest, tokens: int, most: int) -> Sequence[Page]:
    """Return the page of the cursor, the one below it, the one above, and so on."""
    line, found = asked.view.line, list(pages(asked.view.lines, tokens))
    here = next((n for n, page in enumerate(found) if line < page.end), len(found) - 1)
    order = sorted(range(len(found)), key=lambda n: (abs(n - here), n < here))
    return [found[number] for number in order[:most]]
