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
from leanwide.features.completion.window import CompletionRequest, choose_whole_window
from leanwide.features.session import Workbench
from leanwide.prompt.infill import infill_prompt


async def read_whole(asked: CompletionRequest, bench: Workbench) -> None:
    """Read as much around a place as the mode may have; then that is the document's window.

    Raises:
        EngineError: The engine is gone.
    """
    tree = await bench.trees.near(asked.view)
    await warm(asked, await choose_whole_window(asked, bench, tree), bench)


async def warm(asked: CompletionRequest, window: Window, bench: Workbench) -> None:
    """Evaluate a window's prompt without generating; then it is the document's window.

    Raises:
        EngineError: The engine is gone.
    """
    uri = asked.view.uri
    before = bench.windows.get(uri)
    read = before is not None and _around(before) == _around(window)
    if (read or await _evaluated(asked, window, bench)) and bench.windows.get(uri) is before:
        bench.windows[uri] = window
        if window.whole:
            bench.related[uri] = window.related


async def _evaluated(asked: CompletionRequest, window: Window, bench: Workbench) -> bool:
    request = Request(
        lane=asked.decision.lane,
        prompt=infill_prompt(window, asked.fim),
        priority=Priority.BACKGROUND,
        max_tokens=0,
        deadline_ms=asked.decision.budget.deadline_ms,
    )
    return await evaluate(request, bench.engine)


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
