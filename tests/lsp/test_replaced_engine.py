"""After a setting replaces the engine, the client is told of the new one only."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.rpc.client import Client, initialized

from leanwide.engine.base import EngineState, EngineStatus
from leanwide.engine.observed_status import ObservedStatus
from leanwide.engine.scripted import ScriptedEngine
from leanwide.options import Options
from leanwide.server import create_server

ONE_EXPERT = {"lanes": {"lean": {"experts": 1}}}
"""Settings that need another engine than the default."""
SHOWS_PROGRESS = {"window": {"workDoneProgress": True}}


class ReportingEngine(ScriptedEngine):
    """Its status is what a test sets."""

    def __init__(self) -> None:
        super().__init__()
        self.reported = ObservedStatus()
        self.starts = 0

    @property
    def status(self) -> EngineStatus:
        return self.reported.current

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        self.reported.observe(observer)

    def start(self) -> None:
        self.starts += 1


class Launcher:
    """Keeps the engines that it creates."""

    def __init__(self) -> None:
        self.engines: list[ReportingEngine] = []
        self.fails = False

    def __call__(self, _: Options) -> ReportingEngine:
        if self.fails:
            raise OSError
        self.engines.append(ReportingEngine())
        return self.engines[-1]


def open_document(client: Client) -> None:
    document = {"uri": "file:///t/a.py", "languageId": "python", "version": 1, "text": "x = 1\n"}
    client.say("textDocument/didOpen", {"textDocument": document})


def states(client: Client) -> list[str]:
    return [status["state"] for status in client.got("leanwide/status")]


async def test_the_new_engine_takes_the_place_of_one_that_loads():
    launch = Launcher()
    async with initialized(create_server(launch), capabilities=SHOWS_PROGRESS) as client:
        open_document(client)
        (old,) = launch.engines
        old.reported.set(EngineState.LOADING, progress=0.4)
        await client.until(lambda: states(client) == ["loading"])
        client.say("workspace/didChangeConfiguration", {"settings": ONE_EXPERT})
        await client.until(lambda: states(client) == ["loading", "starting"])
        assert client.got("$/progress")[-1]["value"]["kind"] == "end"
        _, new = launch.engines
        await client.until(lambda: new.starts == 1)
        old.reported.set(EngineState.FAILED, "the old model cannot be loaded")
        new.reported.set(EngineState.LOADING)
        await client.until(lambda: states(client) == ["loading", "starting", "loading"])
        assert client.shown == []


async def test_what_was_wrong_with_the_old_engine_is_shown_of_the_new_one_too():
    launch = Launcher()
    async with initialized(create_server(launch)) as client:
        launch.engines[0].reported.set(EngineState.FAILED, "there is no memory")
        await client.until(lambda: len(client.shown) == 1)
        client.say("workspace/didChangeConfiguration", {"settings": ONE_EXPERT})
        await client.until(lambda: states(client) == ["failed", "starting"])
        launch.engines[1].reported.set(EngineState.FAILED, "there is no memory")
        await client.until(lambda: len(client.shown) == 2)


async def test_settings_of_the_start_send_no_status():
    """No client may be sent one before ``initialize`` is answered."""
    launch = Launcher()
    async with initialized(create_server(launch), initializationOptions=ONE_EXPERT) as client:
        client.say("workspace/executeCommand", {"command": "leanwide.status"}, 2)
        await client.answer(2)
        assert [engine.starts for engine in launch.engines] == [0, 0]
        assert states(client) == []


async def test_an_engine_that_cannot_be_created_leaves_the_old_one_in_use(
    caplog: pytest.LogCaptureFixture,
):
    launch = Launcher()
    server = create_server(launch)
    options = server.options
    async with initialized(server) as client:
        launch.fails = True
        client.say("workspace/didChangeConfiguration", {"settings": ONE_EXPERT})
        await client.until(lambda: "didChangeConfiguration: OSError" in caplog.text)
        assert server.options == options
        assert server.session.backend.engine is launch.engines[0]
