"""Reads prompts into the KV cache while nobody waits for them."""

from __future__ import annotations

from leanwide.context.window import Related, Window
from leanwide.engine.base import (
    CancelToken,
    Engine,
    Finished,
    FinishReason,
    Priority,
    Request,
)
from leanwide.features.window import Asked
from leanwide.features.workbench import Workbench
from leanwide.prompt.infill import infill_prompt


async def warm(asked: Asked, window: Window, bench: Workbench) -> None:
    """Evaluate a window's prompt without generating; then it is the document's window."""
    uri = asked.view.uri
    before = bench.windows.get(uri)
    request = Request(
        lane=asked.decision.lane,
        prompt=infill_prompt(window, asked.fim),
        priority=Priority.BACKGROUND,
        max_tokens=0,
        deadline_ms=asked.decision.budget.deadline_ms,
    )
    read = before is not None and _around(before) == _around(window)
    read = read or await evaluate(request, bench.engine)
    if read and bench.windows.get(uri) is before:
        bench.windows[uri] = window
        if window.whole:
            bench.related[uri] = window.related


def _around(window: Window) -> tuple[Related, str, str]:
    """Return all of a window but what is typed, which costs little to read."""
    return window.related, window.before, window.after


async def evaluate(request: Request, engine: Engine) -> bool:
    """Evaluate a prompt while nobody waits; tell whether it was read to its end."""
    cancel, done = CancelToken(), False
    try:
        async for event in engine.generate(request, cancel):
            done = isinstance(event, Finished) and event.reason is not FinishReason.CANCELLED
    finally:
        cancel.cancel()
    return done
