"""Prefills what a completion will need where the cursor rests, before anything is typed there.

The first suggestion at a place waits for its prompt, which is most of its time on a slow machine.
Most places are looked at before they are typed at.
"""

from __future__ import annotations

import contextlib
import time

from leanwide.context.view import View
from leanwide.engine.base import EngineError
from leanwide.engine.specs import ModelInfo
from leanwide.features.completion.page_prefill import prefill_pages
from leanwide.features.completion.prefill import prefill_whole
from leanwide.features.completion.request import CompletionRequest, idle_request
from leanwide.features.completion.state import CompletionState
from leanwide.features.completion.suppression import why_silent
from leanwide.features.completion.window import kept_window
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.session import Session
from leanwide.features.trained_languages import why_untrained


async def cursor_rests(view: View, state: CompletionState) -> None:
    """Begin to prefill for the view's cursor, unless that is done already or of no use.

    Every request goes first, and interrupts it.
    """
    session, model = state.session, state.session.typing_model
    serial = state.request_serial
    generating = state.running is not None and not state.running.over
    if model is None or model.fim is None or generating or not _wanted(view, model, session):
        return
    if await exclusion_reason(view, session.names):
        return
    request = idle_request(view, model.fim, time.monotonic(), session)
    with contextlib.suppress(EngineError):
        window = await kept_window(request, state)
        if window is not None and window.whole:
            return
    if serial == state.request_serial:
        state.start_idle_work(_prefill(request, state))


def _wanted(view: View, model: ModelInfo, session: Session) -> bool:
    """Whether the user and the machine allow it, and a suggestion would be shown at the view."""
    if not session.preferences.follow_cursor or session.backend.machine.skips_background_work:
        return False
    return not (why_silent(view, by_hand=False) or why_untrained(view, model))


async def _prefill(request: CompletionRequest, state: CompletionState) -> None:
    with contextlib.suppress(EngineError):
        await prefill_whole(request, state)
    await prefill_pages(request, state)
