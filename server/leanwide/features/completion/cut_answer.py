"""The rest of an answer that was cut by time or length, generated while its beginning is shown."""

from __future__ import annotations

import contextlib
import time

from leanwide.context.view import View
from leanwide.engine.base import EngineError
from leanwide.engine.specs import FimTokens
from leanwide.features.completion.generate import start_prefetch
from leanwide.features.completion.request import continued, waiting_request
from leanwide.features.completion.state import CompletionState
from leanwide.features.completion.suggestions import KnownAnswer
from leanwide.features.exclusion import exclusion_reason


async def continue_cut_answer(
    view: View, fim: FimTokens, answer: KnownAnswer, state: CompletionState
) -> None:
    """Start to generate what follows an answer at a view, unless that may not be sent by now."""
    if await exclusion_reason(view, state.session.names) is None:
        request = waiting_request(view, fim, time.monotonic(), state.session)
        with contextlib.suppress(EngineError):
            await start_prefetch(continued(request, answer), state)
