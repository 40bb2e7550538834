"""Reads the code around a place where the cursor rests, before anything is typed there.

The first suggestion at a place waits for its prompt, which is most of its time on a slow machine.
Most places are looked at before they are typed at.
"""

from __future__ import annotations

import contextlib
import time

from leanwide.context.view import View
from leanwide.engine.base import EngineError
from leanwide.features.completion.complete import decide
from leanwide.features.completion.page_prefill import read_pages
from leanwide.features.completion.prefill import read_whole
from leanwide.features.completion.suppression import why_silent
from leanwide.features.completion.trained_languages import why_foreign
from leanwide.features.completion.window import CompletionRequest, kept_window
from leanwide.features.exclusion import exclusion_reason
from leanwide.features.session import Workbench


async def arrive(view: View, bench: Workbench) -> None:
    """Begin to read what a completion at the view's cursor needs, unless that is known or useless.

    It goes after everything that somebody waits for, and makes way for it.
    """
    model, generation = bench.engine.model, bench.running
    if not bench.manners.follow_cursor or bench.machine.skips_background_work:
        return
    if model is None or model.fim is None or (generation is not None and not generation.over):
        return
    if why_silent(view, asked_by_hand=False) or why_foreign(view, model):
        return
    if await exclusion_reason(view, bench.names):
        return
    _, calm = decide(view, bench)
    asked = CompletionRequest(
        view=view, decision=calm, patient=calm, fim=model.fim, began=time.monotonic()
    )
    with contextlib.suppress(EngineError):
        window = await kept_window(asked, bench)
        if window is not None and window.whole:
            return
    bench.work_idle(_read(asked, bench))


async def _read(asked: CompletionRequest, bench: Workbench) -> None:
    with contextlib.suppress(EngineError):
        await read_whole(asked, bench)
    await read_pages(asked, bench)
