"""A lane that gets another model, here or at a server: nothing that was counted is used again."""

from __future__ import annotations

from collections.abc import Callable

import attrs

from leanwide.engine.base import EngineState, EngineStatus
from leanwide.engine.observed_status import ObservedStatus
from leanwide.engine.requests import Request, Stats
from leanwide.engine.routed_engine import LaneRoute, RoutedEngine
from leanwide.engine.scripted import SCRIPTED_MODEL, ScriptedEngine
from leanwide.engine.specs import ModelInfo
from leanwide.features.session import Backend
from tests.features.editor import CharacterEngine, Editor, interactive, state_of


class ServerEngine(ScriptedEngine):
    """An engine at a server that can be lost."""

    def __init__(self) -> None:
        super().__init__()
        self._server = ObservedStatus()

    @property
    def status(self) -> EngineStatus:
        return self._server.current

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        self._server.observe(observer)

    def model(self, lane: str) -> ModelInfo | None:
        return None if self.status.state is EngineState.DEGRADED else super().model(lane)

    def lose(self) -> None:
        self._server.set(EngineState.DEGRADED)

    def come_back(self, model: ModelInfo = SCRIPTED_MODEL) -> None:
        self._models = dict.fromkeys(self._models, model)
        self._server.set(EngineState.IDLE)


def moving() -> tuple[ServerEngine, CharacterEngine, RoutedEngine]:
    """An engine at a server, the one on this machine that takes its place, and both as one."""
    there, here = ServerEngine(), CharacterEngine(attrs.evolve(SCRIPTED_MODEL, name="here"))
    route = LaneRoute(preferred=there, fallback=here)
    return there, here, RoutedEngine({"lean": route, "wide": route}, "lean")


async def counted(backend: Backend, text: str) -> int:
    await backend.counter("wide").learn([text])
    return backend.counter("wide")(text)


async def test_texts_are_counted_again_for_another_model():
    there, _, engine = moving()
    backend = Backend(engine=engine)
    assert await counted(backend, "12345678") == 2
    there.lose()
    assert await counted(backend, "12345678") == 8
    there.come_back()
    assert await counted(backend, "12345678") == 2


async def test_a_server_that_comes_back_with_another_model_of_the_same_name():
    there, _, engine = moving()
    backend = Backend(engine=engine)
    counter = backend.counter("wide")
    there.lose()
    there.come_back(attrs.evolve(SCRIPTED_MODEL))
    assert backend.counter("wide") is not counter


async def test_counts_stay_while_a_lane_has_no_model_and_when_it_is_back():
    there = ServerEngine()
    backend = Backend(engine=there)
    counter = backend.counter("wide")
    there.lose()
    assert backend.counter("wide") is counter
    there.come_back()
    assert backend.counter("wide") is counter


async def test_the_speed_of_a_lane_is_that_of_its_model():
    there, _, engine = moving()
    backend = Backend(engine=engine)
    done = Stats(lane="wide", experts=2, tokens_evaluated=2000, prompt_ms=1000.0)
    backend.learn(done)
    backend.learn(attrs.evolve(done, lane="lean"))
    assert backend.machine.lane_speed("wide").prompt.settled == 2000
    there.lose()
    assert backend.machine.lane_speed("wide").prompt.settled is None
    backend.learn(attrs.evolve(done, prompt_ms=2000.0))
    assert backend.machine.lane_speed("wide").prompt.settled == 1000


async def test_a_completion_after_a_move_fits_the_context_of_the_other_model():
    there, here, engine = moving()
    state = state_of(engine)
    lines = "".join(f"value_{number} = {number}\n" for number in range(900))
    editor = Editor(state, f"{lines}‸\n{lines}", "python")
    await editor.ask(by_hand=True)
    there.lose()
    editor.type("x")
    await editor.ask(by_hand=True)
    (before,), (after,) = interactive(there), interactive(here)
    size, smaller = (_characters(one) for one in (before, after))
    assert 0 < smaller < size / 2


def _characters(request: Request) -> int:
    return sum(len(piece) for piece in request.prompt if isinstance(piece, str))
