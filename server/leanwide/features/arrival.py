"""Reads the code around a place where the cursor rests, before anything is typed there.

The first suggestion at a place waits for its prompt, which is most of its time on a slow machine.
Most places are looked at before they are typed at.
"""

from __future__ import annotations

import asyncio
import contextlib
import time

from leanwide.context.view import View
from leanwide.engine.base import EngineError
from leanwide.features.ahead import warm
from leanwide.features.gate import why_left_alone, why_silent
from leanwide.features.trained import why_foreign
from leanwide.features.window import Asked, choose_window, kept_window
from leanwide.features.workbench import Workbench
from leanwide.modes.controller import LOW_BATTERY_PERCENT
from leanwide.modes.machine import Machine, unhurried
from leanwide.modes.router import Signals, Task, route


async def arrive(view: View, bench: Workbench) -> None:
    """Begin to read what a completion at the view's cursor needs, unless that is known or useless.

    It goes after everything that somebody waits for, and makes way for it.
    """
    model, generation = bench.engine.model, bench.running
    if model is None or model.fim is None or not bench.manners.follow_cursor:
        return
    if (generation is not None and not generation.over) or _spares(bench.machine):
        return
    if why_silent(view, asked_by_hand=False) or why_foreign(view, model):
        return
    if await why_left_alone(view, bench.names):
        return
    signals = Signals(machine=unhurried(bench.machine))
    decision = route(Task.INLINE_COMPLETION, signals, bench.profiles)
    asked = Asked(
        view=view, decision=decision, patient=decision, fim=model.fim, began=time.monotonic()
    )
    with contextlib.suppress(EngineError):
        if await kept_window(asked, bench) is not None:
            return
    if bench.idle_work is not None:
        bench.idle_work.cancel()
    bench.idle_work = asyncio.create_task(_read(asked, bench))


def _spares(machine: Machine) -> bool:
    """Whether nothing is to be done that nobody asked for."""
    percent = machine.battery_percent
    low = machine.on_battery and percent is not None and percent < LOW_BATTERY_PERCENT
    return low or machine.memory_short


async def _read(asked: Asked, bench: Workbench) -> None:
    with contextlib.suppress(EngineError):
        tree = await bench.trees.near(asked.view)
        await warm(asked, await choose_window(asked, bench, tree), bench)
