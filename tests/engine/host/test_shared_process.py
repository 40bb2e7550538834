"""One engine process for several servers: joining, taking turns, leaving, dying."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
import stat
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import attrs
import psutil
import pytest

from leanwide.engine import wire
from leanwide.engine.base import EngineError
from leanwide.engine.client import EngineClient
from leanwide.engine.host.folder import connected, socket_path
from leanwide.engine.host.joining import join, shared_process
from leanwide.engine.host.running import running_engines, stop
from leanwide.engine.requests import CancelToken, Finished, FinishReason, Piece, Request
from leanwide.engine.specs import LaneSpec, ModelSpec
from leanwide.engine.timeouts import DEFAULT_TIMEOUTS
from tests.engine.make import LEAN, request, spec

QUICK = attrs.evolve(DEFAULT_TIMEOUTS, first_restart=0.0)
ROOMY = LaneSpec(name="wide", experts=4, context_tokens=4096, sequences=3)
ENDLESS = request("x = ", max_tokens=2000, lane="wide")
IDLE_S = 0.2


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder for sockets, whose paths are short; engines in it are ended."""
    with tempfile.TemporaryDirectory() as name:
        yield Path(name) / "engines"


@contextlib.asynccontextmanager
async def window(
    folder: Path, models: tuple[ModelSpec, ...], idle_s: float = IDLE_S
) -> AsyncIterator[EngineClient]:
    """Yield the engine client of one editor window, ready."""
    client = EngineClient(models, QUICK, shared_process(folder, idle_s))
    try:
        async with asyncio.timeout(180):
            await client.ready("lean")
            yield client
    finally:
        await client.close()


async def answer(
    client: EngineClient, wanted: Request = ENDLESS, cancel: CancelToken | None = None
) -> tuple[str, Finished]:
    """Return the text of an answer, and its end."""
    text, end = "", None
    async for event in client.generate(wanted, cancel or CancelToken()):
        if isinstance(event, Piece):
            text += event.text
        else:
            end = event
    assert end is not None
    return text, end


async def gone(process: int | None) -> None:
    """Wait for the end of a process; the test's own time limit ends the wait."""
    while process is not None and psutil.pid_exists(process):
        await asyncio.sleep(0.02)


async def test_windows_share_one_process_and_the_last_one_ends_it(folder, tiny):
    models = (spec(tiny),)
    async with window(folder, models) as first, window(folder, models) as second:
        assert first.process_id == second.process_id
        process = first.process_id
        alone = await answer(first, request("x = "))
        assert (await answer(second, request("x = ")))[0] == alone[0]
        await first.close()
        assert (await answer(second, request("x = ")))[0] == alone[0]
        assert psutil.pid_exists(process or 0)
    await asyncio.wait_for(gone(process), 20)
    assert not list(folder.glob("*.sock"))
    assert not list(folder.glob("*.log"))


async def test_windows_that_open_at_once_start_one_engine(folder, tiny):
    async with contextlib.AsyncExitStack() as stack:
        opened = [stack.enter_async_context(window(folder, (spec(tiny),))) for _ in range(6)]
        clients = await asyncio.gather(*opened)
        assert len({client.process_id for client in clients}) == 1
        texts = await asyncio.gather(*(answer(client, request("x = ")) for client in clients))
        assert len({text for text, _ in texts}) == 1


async def test_other_lanes_are_another_engine(folder, tiny):
    async with (
        window(folder, (spec(tiny),)) as first,
        window(folder, (spec(tiny, LEAN),)) as second,
    ):
        assert first.process_id != second.process_id


def test_another_choice_of_devices_is_another_engine(folder, tiny, monkeypatch):
    usual = socket_path(folder, (spec(tiny),))
    monkeypatch.setenv("LEANWIDE_UNRELATED", "1")
    assert socket_path(folder, (spec(tiny),)) == usual
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert socket_path(folder, (spec(tiny),)) != usual


async def test_both_answers_go_on_step_by_step(folder, tiny):
    models = (spec(tiny, LEAN, ROOMY),)
    async with window(folder, models) as first, window(folder, models) as second:
        cancel = CancelToken()
        long = asyncio.create_task(answer(first, ENDLESS, cancel))
        short = await answer(second, request("y = ", max_tokens=4, lane="wide"))
        assert short[1].stats.tokens_generated == 4
        assert not long.done(), "2,000 tokens came before 4"
        cancel.cancel()
        assert (await long)[1].reason is FinishReason.CANCELLED


async def test_a_window_that_dies_leaves_no_work_behind(folder, tiny):
    only = attrs.evolve(ROOMY, sequences=1)
    models = (spec(tiny, LEAN, only),)
    async with window(folder, models) as first, window(folder, models) as second:
        running = asyncio.create_task(answer(first))
        while not any(lane.name == "wide" for lane in second.lanes):
            await asyncio.sleep(0.01)
        await first.close()
        with pytest.raises(EngineError):
            await running
        # The lane has one sequence; it is free again as soon as the dead window's job has ended.
        for _ in range(1000):
            with contextlib.suppress(EngineError):
                await answer(second, request("y = ", lane="wide"))
                break
            await asyncio.sleep(0.01)
        else:
            pytest.fail("the sequence was never free")


async def test_a_lane_is_closed_when_no_window_needs_it(folder, tiny):
    models = (spec(tiny, LEAN, ROOMY),)
    async with window(folder, models) as first, window(folder, models) as second:
        for client in (first, second):
            await answer(client, request("x = ", lane="wide"))
        first.close_lane("wide")
        await first.count("lean", ["x"])
        await answer(first, request("x = "))
        assert {lane.name for lane in second.lanes} == {"lean", "wide"}
        second.close_lane("wide")
        while any(lane.name == "wide" for lane in first.lanes):
            await asyncio.sleep(0.01)


async def test_a_killed_engine_is_one_engine_again_for_all(folder, tiny):
    models = (spec(tiny),)
    async with window(folder, models) as first, window(folder, models) as second:
        killed = first.process_id
        os.kill(killed or 0, signal.SIGKILL)
        await gone(killed)
        await asyncio.gather(first.ready("lean"), second.ready("lean"))
        while first.process_id != second.process_id or first.process_id in (None, killed):
            await asyncio.sleep(0.02)
            await asyncio.gather(first.ready("lean"), second.ready("lean"))
        assert await answer(first, request("x = "))


async def test_a_client_that_sends_nonsense_or_reads_nothing_disturbs_no_other(folder, tiny):
    models = (spec(tiny),)
    async with window(folder, models) as client:
        with idle_connection(folder, models) as connection:
            connection.setblocking(True)
            connection.sendall(b"\x01\x00\x00\x00\xc1")
            while await asyncio.to_thread(connection.recv, 65536):
                pass  # its end: it is disconnected
            assert (await answer(client, request("x = ")))[1].stats.tokens_generated
        with idle_connection(folder, models) as silent:
            flood = asyncio.create_task(asyncio.to_thread(ask_without_end, silent, models))
            assert (await answer(client, request("x = ")))[1].stats.tokens_generated
            await flood  # it is disconnected


def ask_without_end(connection: socket.socket, models: tuple[ModelSpec, ...]) -> None:
    """Ask, and read no answer, until the connection is closed."""
    connection.setblocking(True)
    question = wire.frame(wire.Count(1, "lean", [""] * 9000))
    with contextlib.suppress(OSError):
        connection.sendall(wire.frame(wire.StartEngine(models)))
        while True:
            connection.sendall(question)


def idle_connection(folder: Path, models: tuple[ModelSpec, ...]) -> socket.socket:
    connection = connected(socket_path(folder, models))
    assert connection is not None
    return connection


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a folder to another user")
async def test_a_folder_of_another_user_is_not_used(folder, tiny, caplog):
    folder.mkdir(mode=0o777)
    os.chown(folder, 12345, 12345)
    async with window(folder, (spec(tiny),)) as client:
        assert client.process_id in {child.pid for child in psutil.Process().children()}
    assert "is no folder of this user" in caplog.text
    assert not list(folder.iterdir())


async def test_what_is_left_of_a_dead_engine_is_replaced(folder, tiny):
    models = (spec(tiny),)
    folder.mkdir(mode=0o755)
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(socket_path(folder, models)))
    async with window(folder, models) as client:
        assert await answer(client, request("x = "))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


async def test_where_none_can_be_shared_a_window_has_its_own(folder, tiny, caplog):
    folder.write_text("a file")
    with caplog.at_level(logging.WARNING):
        async with window(folder, (spec(tiny),)) as client:
            assert client.process_id in {child.pid for child in psutil.Process().children()}
            assert await answer(client, request("x = "))
    said = [record.message for record in caplog.records if "shared" in record.message]
    assert len(said) == 1
    assert said[0].startswith("no engine can be shared, this window has its own: ")


async def test_engines_are_listed_and_stopped(folder, tiny):
    assert await running_engines(folder) == []
    models = (spec(tiny),)
    async with window(folder, models, idle_s=60) as client:
        (found,) = await running_engines(folder)
        assert found.description.process == client.process_id
        assert found.description.clients == 1
        assert found.description.model == str(tiny)
        assert found.description.lanes == ("lean",)
        assert found.memory_bytes > 0
        await client.close()
        stop(found)
        await gone(found.description.process)
        assert await running_engines(folder) == []


async def test_a_model_that_does_not_load_is_refused_to_every_window_for_its_reason(
    folder, tmp_path
):
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(100))
    clients = [
        EngineClient((spec(broken),), QUICK, shared_process(folder, IDLE_S)) for _ in range(4)
    ]
    try:
        refusals = await asyncio.gather(
            *(client.ready("lean") for client in clients), return_exceptions=True
        )
    finally:
        await asyncio.gather(*(client.close() for client in clients))
    assert {str(refusal) for refusal in refusals} == {
        f"{broken} has GGUF version 0, which is not supported"
    }


async def test_an_engine_that_ends_while_a_window_connects_is_started_again(folder, tiny):
    models = (spec(tiny),)
    folder.mkdir(mode=0o700)
    path = socket_path(folder, models)
    with socket.socket(socket.AF_UNIX) as ending:
        ending.bind(str(path))
        ending.listen()
        opening = asyncio.create_task(join(folder, models, IDLE_S))
        connection, _ = await asyncio.to_thread(ending.accept)
        ending.close()
        path.unlink()
        connection.close()
        joined = await opening
    assert psutil.pid_exists(joined.process_id)
    await joined.close()


async def test_a_stopped_engine_whose_queue_is_full_blocks_no_window(folder):
    folder.mkdir(mode=0o700)
    path = folder / "full.sock"
    with socket.socket(socket.AF_UNIX) as stopped, contextlib.ExitStack() as waiting:
        stopped.bind(str(path))
        stopped.listen(0)

        def fill() -> None:
            while (connection := connected(path)) is not None:
                waiting.enter_context(connection)

        with pytest.raises((BlockingIOError, TimeoutError)):
            await asyncio.to_thread(fill)
