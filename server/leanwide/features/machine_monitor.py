"""Watches battery, memory and idle lanes while the server runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Final

import psutil
from attrs import evolve, frozen

from leanwide import heap
from leanwide.engine.base import EngineState
from leanwide.features.session import Session

_INTERVAL_S: Final = 30.0
"""Seconds between two readings."""
_MEMORY_SHORT: Final = 0.08
"""Memory is short when less than this share of it is free …"""
_MEMORY_ENOUGH: Final = 0.12
"""… and until more than this is."""
_JUST_USED_S: Final = 60.0
"""Seconds for which a lane that was just used stays open, also when memory is short."""


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


async def monitor_machine(session: Session, then: Callable[[float], None]) -> None:
    """Read the machine at intervals until cancelled; ``then`` runs after each reading."""
    while True:
        reading = await asyncio.to_thread(read_machine)
        now = time.monotonic()
        update(session, reading, now)
        then(now)
        await asyncio.to_thread(heap.trim)
        limit_s = 60 * session.preferences.close_after_minutes
        await asyncio.sleep(min(_INTERVAL_S, limit_s / 4) if limit_s else _INTERVAL_S)


def update(session: Session, reading: MachineReading, now: float) -> None:
    """Tell the router of battery and memory, and close idle lanes."""
    backend, preferences = session.backend, session.preferences
    short = reading.free_share < (_MEMORY_ENOUGH if backend.machine.memory_short else _MEMORY_SHORT)
    if preferences.adapt:
        backend.machine = evolve(
            backend.machine,
            on_battery=reading.on_battery,
            battery_percent=reading.battery_percent,
            memory_short=short,
        )
    limit_s = 60 * preferences.close_after_minutes
    if short:
        limit_s = min(limit_s or _JUST_USED_S, _JUST_USED_S)
    if not limit_s or backend.engine.status.state is not EngineState.IDLE:
        return
    typing = session.typing_lane  # the next key needs it at once
    for lane in backend.engine.lanes:
        if lane.name != typing and now - backend.last_used.setdefault(lane.name, now) > limit_s:
            backend.engine.close_lane(lane.name)
