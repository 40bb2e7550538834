"""Looks after the machine while the server runs: what it can afford, and which lanes may go.

In quiet moments it has places kept on disk.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import psutil
from attrs import evolve, frozen

from leanwide import heap
from leanwide.engine.base import EngineState
from leanwide.features.completion.saved_places import keep_in_quiet
from leanwide.features.session import Workbench
from leanwide.modes.profile import Mode

_EVERY: Final = 30.0
"""Seconds between two looks."""
_SHORT: Final = 0.08
"""Memory is short when less than this share of it is free …"""
_ENOUGH: Final = 0.12
"""… and until more than this is."""
_SPARED: Final = 60.0
"""Seconds for which a lane that was just used stays, also when memory is short."""


@frozen(kw_only=True)
class MachineReading:
    """What the system says of itself."""

    on_battery: bool
    battery_percent: float | None
    free_share: float
    """Of the memory, 0 to 1."""


def read_machine() -> MachineReading:
    """Ask the system; it reads files, so this belongs in a thread."""
    memory = psutil.virtual_memory()
    try:
        battery = psutil.sensors_battery()
    except (AttributeError, OSError, psutil.Error):  # there is none for this system
        battery = None
    return MachineReading(
        on_battery=battery is not None and battery.power_plugged is False,
        battery_percent=None if battery is None else battery.percent,
        free_share=memory.available / memory.total,
    )


async def keep_up(bench: Callable[[], Workbench]) -> None:
    """Look after the bench at hand until cancelled."""
    while True:
        reading = await asyncio.to_thread(read_machine)
        look_after(bench(), reading, time.monotonic())
        await keep_in_quiet(bench(), time.monotonic())
        await asyncio.to_thread(heap.trim)
        limit = 60 * bench().manners.close_after_minutes
        await asyncio.sleep(min(_EVERY, limit / 4) if limit else _EVERY)


def look_after(bench: Workbench, reading: MachineReading, now: float) -> None:
    """Tell the router of battery and memory, and close the lanes that are not worth theirs."""
    short = reading.free_share < (_ENOUGH if bench.machine.memory_short else _SHORT)
    if bench.manners.adapt:
        bench.machine = evolve(
            bench.machine,
            on_battery=reading.on_battery,
            battery_percent=reading.battery_percent,
            memory_short=short,
        )
    limit = 60 * bench.manners.close_after_minutes
    if short:
        limit = min(limit or _SPARED, _SPARED)
    if not limit or bench.engine.status.state is not EngineState.IDLE:
        return
    for lane in bench.engine.lanes:
        # The next key needs the lane of the completions at once.
        typing = lane.name == bench.profiles[Mode.CODE].lane
        if not typing and now - bench.used.setdefault(lane.name, now) > limit:
            bench.engine.close_lane(lane.name)
