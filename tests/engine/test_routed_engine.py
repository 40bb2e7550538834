"""One engine whose lanes run in different places."""

from __future__ import annotations

import attrs
import pytest

from leanwide.engine.base import NotLoadedError, finish
from leanwide.engine.requests import Priority, Request
from leanwide.engine.routed_engine import LaneRoute, RoutedEngine
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.engine.specs import FimTokens, ModelInfo

OTHER: ModelInfo = attrs.evolve(
    SCRIPTED_MODEL,
    name="other",
    fim=FimTokens(prefix=91, suffix=92, middle=93, file_separator=None),
)


def request(lane: str, *prompt: str | int) -> Request:
    return Request(
        lane=lane, prompt=prompt, priority=Priority.COMMAND, max_tokens=4, deadline_ms=1e3
    )


def two() -> tuple[ScriptedEngine, ScriptedEngine, RoutedEngine]:
    """An engine here for typing, one elsewhere for questions, and both as one."""
    here, there = ScriptedEngine(), ScriptedEngine(OTHER)
    routes = {"lean": LaneRoute(preferred=here), "wide": LaneRoute(preferred=there)}
    return here, there, RoutedEngine(routes, "lean")


async def test_each_lane_runs_where_its_route_says():
    here, there, engine = two()
    await finish(engine, request("lean", 1, "a"))
    await finish(engine, request("wide", "b"))
    assert [each.prompt for each in here.requests] == [(1, "a")]
    assert [each.prompt for each in there.requests] == [("b",)]
    assert (await engine.ready("wide")).name == "other"
    assert [lane.name for lane in engine.lanes] == ["lean", "wide"]


async def test_a_prompt_for_the_model_of_another_place_is_not_sent():
    _, there, engine = two()
    with pytest.raises(NotLoadedError):
        await finish(engine, request("wide", 1, "a"))
    assert there.requests == []
