"""Battery and memory reach the router, and idle lanes are closed."""

from __future__ import annotations

from typing import Any

from attrs import evolve

from leanwide.engine.base import EngineState, EngineStatus
from leanwide.engine.scripted import ScriptedEngine
from leanwide.features.machine_monitor import MachineReading, read_machine, update
from leanwide.features.session import Backend, Preferences, Session
from tests.features.editor import PROFILES

FINE = MachineReading(on_battery=False, battery_percent=None, free_share=0.5)
SHORT = evolve(FINE, free_share=0.05)
NOW = 10_000.0


class BusyEngine(ScriptedEngine):
    """An engine that is at work."""

    @property
    def status(self) -> EngineStatus:
        return EngineStatus(state=EngineState.BUSY)


def session(engine: ScriptedEngine, **preferences: Any) -> Session:
    """A session whose wide lane was used at NOW."""
    made = Session(
        backend=Backend(engine=engine),
        profiles=PROFILES,
        preferences=Preferences(**preferences),
    )
    made.backend.last_used["wide"] = NOW
    return made


def closed_after(seconds: float, reading: MachineReading, engine: ScriptedEngine, minutes: float):
    update(session(engine, close_after_minutes=minutes), reading, NOW + seconds)
    return engine.closed


def test_an_idle_lane_is_closed_but_never_the_one_of_completions():
    assert closed_after(599, FINE, ScriptedEngine(), minutes=10) == []
    assert closed_after(601, FINE, ScriptedEngine(), minutes=10) == ["wide"]
    assert closed_after(1e9, FINE, ScriptedEngine(), minutes=0) == []
    assert closed_after(1e9, FINE, BusyEngine(), minutes=10) == []


def test_an_idle_lane_is_closed_early_when_memory_is_short():
    assert closed_after(30, SHORT, ScriptedEngine(), minutes=0) == []
    assert closed_after(61, SHORT, ScriptedEngine(), minutes=0) == ["wide"]


def test_battery_and_memory_reach_the_router_unless_switched_off():
    unplugged = evolve(SHORT, on_battery=True, battery_percent=42.0)
    adapting, fixed = session(ScriptedEngine()), session(ScriptedEngine(), adapt=False)
    for watched in (adapting, fixed):
        update(watched, unplugged, NOW)
    machine = adapting.backend.machine
    assert (machine.on_battery, machine.battery_percent, machine.memory_short) == (True, 42.0, True)
    assert not fixed.backend.machine.on_battery


def test_memory_stays_short_until_there_is_clearly_enough():
    made = session(ScriptedEngine())
    shares = (0.09, 0.07, 0.09, 0.13, 0.09)
    seen = []
    for share in shares:
        update(made, evolve(FINE, free_share=share), NOW)
        seen.append(made.backend.machine.memory_short)
    assert seen == [False, True, True, False, False]


def test_this_machine_can_be_read():
    assert 0 < read_machine().free_share <= 1
