"""Prefills what a completion will need where the cursor rests, before anything is typed there.

The first suggestion at a place waits for its prompt, which is most of its time on a slow machine.
Most places are looked at before they are typed at. Where none would be shown, such as at the top of
a file just opened, the pages around are prefilled for the place that comes next.
"""

from __future__ import annotations

import contextlib
import time

from leanwide.context.view import View
from leanwide.engine.base import EngineError
from leanwide.engine.specs import ModelInfo
from leanwide.features.completion.idle_prefill import prefill_whole
from leanwide.features.completion.page_prefill import prefill_pages
from leanwide.features.completion.request import CompletionRequest, idle_request, why_silent
from leanwide.features.completion.state import CompletionState
from leanwide.features.completion.window import choose_whole_related, kept_window
from leanwide.features.exclusion import exclusion_reason, why_untrained
from leanwide.features.session import Session


async def cursor_rests(view: View, state: CompletionState) -> None:
    """Begin to prefill for the view's cursor, unless that is done already or of no use.

    Every request goes first, and interrupts it.
    """
    session, model = state.session, state.session.typing_model
    serial = state.request_serial
    generating = state.running is not None and not state.running.over
    if model is None or model.fim is None or generating or not _allowed(view, model, session):
        return
    if await exclusion_reason(view, session.names):
        return
    request = idle_request(view, model.fim, time.monotonic(), session)
    silent = why_silent(view, by_hand=False) is not None
    if not silent and await _is_prefilled(request, state):
        return
    if serial == state.request_serial:
        prefill = _prefill_around if silent else _prefill
        state.start_idle_work(prefill(request, state))


def _allowed(view: View, model: ModelInfo, session: Session) -> bool:
    """Whether the user and the machine allow it, and the model knows the document's language."""
    if not session.preferences.follow_cursor or session.backend.machine.skips_background_work:
        return False
    return not why_untrained(view, model)


async def _is_prefilled(request: CompletionRequest, state: CompletionState) -> bool:
    """Whether the place has all the context of its mode already."""
    with contextlib.suppress(EngineError):
        window = await kept_window(request, state)
        return window is not None and window.whole
    return False


async def _prefill(request: CompletionRequest, state: CompletionState) -> None:
    with contextlib.suppress(EngineError):
        await prefill_whole(request, state)
    await prefill_pages(request, state)


async def _prefill_around(request: CompletionRequest, state: CompletionState) -> None:
    """Prefill the pages around a place, and not its own prompt."""
    uri = request.view.uri
    with contextlib.suppress(EngineError):
        if uri not in state.related:  # they stand in front of all pages
            tree = await state.session.trees.near(request.view)
            state.related[uri] = await choose_whole_related(request, state, tree)
    await prefill_pages(request, state)
