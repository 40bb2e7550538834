"""Prefill: evaluates prompts into the KV cache while no request waits for them."""

from __future__ import annotations

from leanwide.context.window import Related, Window
from leanwide.engine.base import Engine, finish
from leanwide.engine.requests import CancelToken, FinishReason, Priority, Request
from leanwide.features.completion.request import CompletionRequest
from leanwide.features.completion.state import CompletionState
from leanwide.features.completion.window import choose_whole_window
from leanwide.prompt.infill import infill_prompt


async def prefill_whole(request: CompletionRequest, state: CompletionState) -> None:
    """Prefill all that the mode may have around a place, as the document's window.

    Raises:
        EngineError: The engine is gone.
    """
    tree = await state.session.trees.near(request.view)
    await prefill_window(request, await choose_whole_window(request, state, tree), state)


async def prefill_window(
    request: CompletionRequest, window: Window, state: CompletionState
) -> None:
    """Prefill a window's prompt; then it is the document's window.

    Raises:
        EngineError: The engine is gone.
    """
    uri = request.view.uri
    before = state.windows.get(uri)
    evaluated = before is not None and _fixed_part(before) == _fixed_part(window)
    if not evaluated:
        prefill = Request(
            lane=request.decision.lane,
            prompt=infill_prompt(window, request.fim),
            priority=Priority.BACKGROUND,
            max_tokens=0,
            deadline_ms=request.decision.budget.deadline_ms,
        )
        evaluated = await evaluate(prefill, state.session.backend.engine)
    if evaluated and state.windows.get(uri) is before:
        state.windows[uri] = window
        if window.whole:
            state.related[uri] = window.related


def _fixed_part(window: Window) -> tuple[Related, str, str]:
    """Return all of a window except what was typed, which costs little to evaluate."""
    return window.related, window.before, window.after


async def evaluate(request: Request, engine: Engine) -> bool:
    """Evaluate a prompt; return whether that reached its end.

    Raises:
        EngineError: The engine is gone.
    """
    cancel = CancelToken()
    try:
        finished = await finish(engine, request, cancel)
    finally:
        cancel.cancel()
    return finished.reason is not FinishReason.CANCELLED
