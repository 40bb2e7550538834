"""What ends the server, and that nothing is left of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.session import PROGRAM
from tests.e2e.wire import URI, Wire, wire

TEXT = "def load(path):\n    return open(path)\n\n\n"
START = {"line": 0, "character": 0}
RANGE = {"start": START, "end": START}
AT_ONCE_S = 5.0
"""Seconds in which a process ends on a machine that is busy with other tests; it aims at one."""


@asynccontextmanager
async def program(folder: Path) -> AsyncIterator[Wire]:
    """The real program with its engine, with folders of its own for what it writes."""
    folders = {"TMPDIR": str(folder / "temporary"), "XDG_CACHE_HOME": str(folder / "cache")}
    (folder / "temporary").mkdir()
    async with wire((PROGRAM, "serve"), env={**os.environ, **folders}) as client:
        await client.initialize(capabilities={"window": {"showDocument": {"support": True}}})
        client.open(TEXT)
        yield client


async def children(client: Wire) -> list[psutil.Process]:
    """The server's children, once there are any."""
    server = psutil.Process(client.process.pid)
    async with asyncio.timeout(30):
        while not (found := server.children(recursive=True)):
            await asyncio.sleep(0.02)
    return found


async def loaded(client: Wire) -> None:
    async with asyncio.timeout(60):
        while (await client.lives())["model"] is None:
            await asyncio.sleep(0.05)


async def gone(processes: list[psutil.Process]) -> bool:
    _, alive = await asyncio.to_thread(psutil.wait_procs, processes, AT_ONCE_S)
    return not alive


def explain(client: Wire, known: str, **more: Any) -> None:
    params = {"command": "leanwide.explain", "arguments": [{"uri": URI, "range": RANGE, **more}]}
    client.post(
        {"jsonrpc": "2.0", "id": known, "method": "workspace/executeCommand", "params": params}
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_the_server_and_its_engine(number: signal.Signals, tmp_path: Path):
    async with program(tmp_path) as client:
        await loaded(client)
        engine = await children(client)
        client.process.send_signal(number)
        assert await client.ended(AT_ONCE_S) == 128 + number
        assert await gone(engine)
        assert "Traceback" not in await client.log()


async def test_a_signal_ends_the_server_while_the_model_loads(tmp_path: Path):
    async with program(tmp_path) as client:
        engine = await children(client)
        client.process.send_signal(signal.SIGTERM)
        assert await client.ended(AT_ONCE_S) == 128 + signal.SIGTERM
        assert await gone(engine)


async def test_a_signal_ends_a_generation_and_no_page_stays(
    tmp_path: Path,
):
    async with program(tmp_path) as client:
        await loaded(client)
        explain(client, "shown", show=True)
        while (message := await client.next()).get("method") != "window/showDocument":
            assert message.get("id") != "shown"
        assert list(tmp_path.rglob("*.md"))
        explain(client, "running", streamToken="token")
        while (await client.next()).get("method") != "$/progress":
            pass
        engine = await children(client)
        client.process.send_signal(signal.SIGINT)
        owed = {"running", "shown"}
        while owed:
            message = await client.next()
            if "method" not in message:
                owed.remove(message["id"])
                assert message["error"]["code"] == -32800
        assert await client.ended(AT_ONCE_S) == 128 + signal.SIGINT
        assert await gone(engine)
        assert not list(tmp_path.rglob("*.md"))
        assert not list((tmp_path / "temporary").iterdir())


async def test_a_second_signal_ends_a_server_that_cannot_end():
    stuck = (
        "import time; from tests.fuzz import scripted;"
        "from leanwide.server import create_server, Server\n"
        "async def close(self): print('closing', flush=True); time.sleep(60)\n"
        "Server.close = close\n"
        "create_server(lambda _: scripted.TalkingEngine()).start_io()"
    )
    async with wire((sys.executable, "-c", stuck)) as client:
        await client.initialize()
        client.process.send_signal(signal.SIGINT)
        await asyncio.sleep(0.1)
        client.process.send_signal(signal.SIGINT)
        assert await client.ended(AT_ONCE_S) == 128 + signal.SIGINT
    async with wire((sys.executable, "-c", stuck)) as client:
        await client.initialize()
        client.process.send_signal(signal.SIGTERM)
        assert await client.ended(AT_ONCE_S) == 128 + signal.SIGTERM


async def test_a_closed_stdin_ends_everything(tmp_path: Path):
    async with program(tmp_path) as client:
        await loaded(client)
        engine = await children(client)
        assert client.process.stdin is not None
        client.process.stdin.close()
        assert await client.ended(2 * AT_ONCE_S) == 1
        assert await gone(engine)


async def test_a_closed_stdout_ends_an_idle_server(tmp_path: Path):
    reading, writing = os.pipe()
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    async with wire((PROGRAM, "serve"), stdout=writing, env=environment) as client:
        os.close(writing)
        params: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
        client.post({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params})
        client.open(TEXT)
        assert await asyncio.to_thread(os.read, reading, 10)
        engine = await children(client)
        os.close(reading)
        assert await client.ended(2 * AT_ONCE_S) == 1
        assert await gone(engine)
        assert "the client closed its end" in await client.log()


async def test_the_end_of_the_process_that_started_it_ends_the_server():
    with subprocess.Popen(["sleep", "60"]) as editor:
        async with wire() as client:
            await client.initialize(processId=editor.pid)
            await asyncio.sleep(2.5)
            assert await client.lives()
            editor.kill()  # and stays a zombie until the block ends
            assert await client.ended(2 * AT_ONCE_S) == 1
            assert "the client's process has ended" in await client.log()


async def test_a_process_that_has_ended_before_ends_the_server():
    with subprocess.Popen(["true"]) as editor:
        pass
    async with wire() as client:
        with contextlib.suppress(AssertionError):
            await client.initialize(processId=editor.pid)
        assert await client.ended(2 * AT_ONCE_S) == 1


@pytest.mark.parametrize("number", [0, -1, 2**31 - 1])
async def test_an_invalid_process_id_does_not_stop_the_server(number: int):
    async with wire() as client:
        answer = await client.initialize(processId=number)
        assert "capabilities" in answer["result"]


async def test_unread_answers_end_the_session_with_one_line():
    async with wire() as client:
        await client.initialize()
        server, most = psutil.Process(client.process.pid), 0
        before = server.memory_info().rss
        assert client.process.stdin is not None
        with contextlib.suppress(ConnectionError, psutil.NoSuchProcess):
            for number in range(10_000):
                known = f"{number} {20_000 * 'k'}"
                client.post({"jsonrpc": "2.0", "id": known, "method": "no such method"})
                await client.process.stdin.drain()
                most = max(most, server.memory_info().rss)
        assert (await client.log()).count("does not read its answers") == 1
        assert client.process.stdout is not None
        await client.process.stdout.read()  # asyncio waits for pipes before it tells the end
        assert await client.ended() == 1
        assert most - before < 150_000_000


async def test_a_client_that_does_not_read_for_a_while_finds_its_answers():
    async with wire() as client:
        await client.initialize()
        known = "k" * 20_000
        for number in range(200):
            client.post({"jsonrpc": "2.0", "id": f"{known}{number}", "method": "no such method"})
        assert client.process.stdin is not None
        await client.process.stdin.drain()
        assert await client.lives()


async def test_an_unread_log_blocks_nothing():
    async with wire() as client:
        await client.initialize()
        for _ in range(3000):
            client.tell("textDocument/didChange", {"nothing": "that fits"})
        assert client.process.stdin is not None
        await client.process.stdin.drain()
        assert await client.lives()
