"""One engine for several sessions, which do not affect each other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from leanwide.engine.base import EngineError, EngineState, EngineStatus
from leanwide.engine.requests import CancelToken, Finished, Piece, Request
from leanwide.engine.scripted import ScriptedEngine
from leanwide.engine.shared_engine import EngineView, SharedEngine
from tests.engine.make import request


class ObservedEngine(ScriptedEngine):
    """A scripted engine whose status the test changes; it counts starts and closes."""

    def __init__(self) -> None:
        super().__init__()
        self.change: Callable[[EngineStatus], None] = lambda _: None
        self.starts = 0
        self.closes = 0

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        self.change = observer

    def start(self) -> None:
        self.starts += 1

    async def close(self) -> None:
        self.closes += 1


BUSY = EngineStatus(state=EngineState.BUSY)
WIDE = request("x", lane="wide")


async def answer(view: EngineView, wanted: Request = WIDE) -> str:
    """Return the text of an answer."""
    events = [event async for event in view.generate(wanted, CancelToken())]
    assert isinstance(events[-1], Finished)
    return "".join(event.text for event in events if isinstance(event, Piece))


async def test_each_session_gets_its_own_answers():
    engine = ObservedEngine()
    engine.enqueue(["one"], ["two"])
    shared = SharedEngine(engine)
    first, second = shared.view(), shared.view()
    assert [await answer(first), await answer(second)] == ["one", "two"]
    assert await second.count("lean", ["12345"]) == [2]
    assert await second.ready("lean") is engine.model("lean")


async def test_the_end_of_a_session_ends_only_its_own_work_at_once():
    engine = ObservedEngine()
    engine.enqueue(["one"], ["two"])
    engine.pause()
    shared = SharedEngine(engine)
    first, second = shared.view(), shared.view()
    mine, others = asyncio.create_task(answer(first)), asyncio.create_task(answer(second))
    await asyncio.sleep(0.01)
    await first.close()
    with pytest.raises(EngineError, match="the session has ended"):
        await mine
    engine.resume()
    assert await others == "two"
    assert engine.closes == 0


async def test_a_closed_session_does_not_reach_the_engine():
    engine = ObservedEngine()
    view = SharedEngine(engine).view()
    await view.close()
    await view.close()
    view.start()
    for work in (view.ready("lean"), view.count("lean", ["x"]), answer(view)):
        with pytest.raises(EngineError, match="the session has ended"):
            await work
    assert (engine.starts, engine.requests) == (0, [])


async def test_a_session_gets_statuses_from_its_first_request_on():
    engine = ObservedEngine()
    shared = SharedEngine(engine)
    first, second = shared.view(), shared.view()
    told: dict[str, list[EngineStatus]] = {"first": [], "second": []}
    first.observe(told["first"].append)
    second.observe(told["second"].append)
    first.start()
    engine.change(BUSY)
    assert told == {"first": [engine.status, BUSY], "second": []}
    await second.count("lean", ["x"])
    assert told["second"] == [engine.status]
    await first.close()
    engine.change(BUSY)
    assert [len(statuses) for statuses in told.values()] == [2, 2]


async def test_a_failing_observer_does_not_affect_other_sessions():
    engine = ObservedEngine()
    shared = SharedEngine(engine)
    first, second = shared.view(), shared.view()
    told: list[EngineStatus] = []

    def fail(_: EngineStatus) -> None:
        raise RuntimeError

    first.observe(fail)
    second.observe(told.append)
    first.start()
    second.start()
    engine.change(BUSY)
    assert told[-1] == BUSY


async def test_a_lane_closes_when_no_session_needs_it():
    engine = ObservedEngine()
    shared = SharedEngine(engine)
    first, second, idle = shared.view(), shared.view(), shared.view()
    await answer(first)
    await answer(second)
    idle.close_lane("wide")
    first.close_lane("wide")
    assert engine.closed == []
    await second.close()
    first.close_lane("wide")
    assert engine.closed == ["wide"]


async def test_closing_the_engine_fails_the_requests_of_all_sessions():
    engine = ObservedEngine()
    engine.enqueue(["one"])
    engine.pause()
    shared = SharedEngine(engine)
    work = asyncio.create_task(answer(shared.view()))
    await asyncio.sleep(0.01)
    await shared.close()
    with pytest.raises(EngineError):
        await work
    assert engine.closes == 1
