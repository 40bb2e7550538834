"""A server that misbehaves: one notice, an answer to every request, and recovery."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import attrs
import pytest

from leanwide.engine.base import EngineError, EngineState, EngineStatus
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.requests import CancelToken, FinishReason, Priority
from tests.engine.remote.asking import KEY, ask, connected, notices
from tests.engine.remote.misbehaving import (
    MisbehavingServer,
    answer_well,
    misbehaving,
    respond,
    start_events,
    token,
    too_busy,
)
from tests.engine.remote.misbehaving_openai import misbehaving_openai


async def cut(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    writer.write(token("o", 1))


async def silent(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    await asyncio.sleep(30)


async def pings_for_ever(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    while True:
        writer.write(b":\n\n")
        await writer.drain()
        await asyncio.sleep(0.05)


async def a_line_without_end(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    while True:
        writer.write(b"data: " + 100_000 * b"x")
        await writer.drain()
        await asyncio.sleep(0)


async def garbage(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    respond(writer, b"<html>\x00\xff</html>")


async def garbage_events(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    writer.write(b'data: [1, 2]\n\ndata: {"content": 7}\n\n')


async def no_number(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    writer.write(b'data: {"content": "o", "tokens": [211], "tokens_predicted": 1e999}\n\n')


async def no_http(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    writer.write(b"SSH-2.0-nothing\r\n")


async def broken(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    respond(
        writer, {"error": {"type": "server_error", "message": "x"}}, "500 Internal Server Error"
    )


async def redirect(server: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    writer.write(
        b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    )


async def refuse_key(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    respond(writer, {"error": {"type": "authentication_error"}}, "401 Unauthorized")


async def loading(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    respond(writer, {"error": {"type": "unavailable_error"}}, "503 Service Unavailable")


STREAMS = [cut, silent, pings_for_ever, a_line_without_end, garbage_events, no_number]
ANSWERS = [garbage, no_http, broken, redirect, refuse_key]


@pytest.mark.parametrize("fault", [*STREAMS, *ANSWERS])
async def test_a_fault_while_answering_is_told_once_and_ends_with_the_server_well(fault: Any):
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, told):
        await engine.ready("lean")
        server.completion = fault
        for _ in range(3):
            with contextlib.suppress(EngineError):
                await engine.ready("lean")
            with pytest.raises(EngineError) as failure:
                await ask(engine)
        assert len(notices(told)) == 1
        assert str(failure.value) in notices(told)
        server.completion = answer_well
        await engine.ready("lean")
        assert await ask(engine) == ("ok", FinishReason.END)
        assert engine.status == EngineStatus(state=EngineState.IDLE, recoveries=1)


@pytest.mark.parametrize("fault", ANSWERS)
async def test_a_server_that_is_none_is_told_once_and_is_found_when_it_is_one(fault: Any):
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, told):
        server.before = fault
        engine.start()
        for _ in range(3):
            with pytest.raises(EngineError):
                await engine.ready("lean")
        assert len(notices(told)) == 1
        assert engine.status.state is EngineState.DEGRADED
        server.before = None
        while engine.model("lean") is None:  # nobody asks: it finds the server by itself
            await asyncio.sleep(0.01)
        assert await ask(engine) == ("ok", FinishReason.END)


@pytest.mark.parametrize("closed", [True, False])
async def test_a_request_whose_connection_is_gone_when_its_turn_comes_has_a_reason(closed: bool):
    async def cut_later(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        writer.write(token("o", 1))
        await writer.drain()
        await lost.wait()

    lost = asyncio.Event()
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, told):
        await engine.ready("lean")
        server.completion = cut_later
        pieces = engine.generate(KEY, CancelToken())
        await anext(pieces)
        later = attrs.evolve(KEY, prompt=("y = ",), priority=Priority.BACKGROUND)
        waiting = asyncio.create_task(ask(engine, later))
        await asyncio.sleep(0)
        lost.set()
        if closed:
            await engine.close()
        with pytest.raises(EngineError):
            await anext(pieces)
        with pytest.raises(EngineError, match="was closed" if closed else "asked again"):
            await waiting
        assert len(notices(told)) == (0 if closed else 1)


async def test_a_model_that_loads_is_waited_for_and_is_no_trouble():
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, told):
        server.before = loading
        engine.start()
        while engine.status.state is not EngineState.LOADING:
            await asyncio.sleep(0.01)
        server.before = None
        while engine.model("lean") is None:
            await asyncio.sleep(0.01)
        assert notices(told) == set()


async def test_a_refused_request_is_no_fault_of_the_server():
    async def refuse(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        respond(writer, {"error": {"type": "exceed_context_size_error"}}, "400 Bad Request")

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, told):
        server.completion = refuse
        await engine.ready("lean")
        with pytest.raises(EngineError, match=r"--ctx-size"):
            await ask(engine)
        assert engine.model("lean") is not None
        assert notices(told) == set()


async def test_a_server_that_is_busy_is_well_and_is_asked_again_later():
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, told):
        server.completion = too_busy
        await engine.ready("lean")
        with pytest.raises(EngineError, match="takes no more requests now: ask again"):
            await ask(engine)
        assert engine.model("lean") is not None
        assert notices(told) == set()


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (misbehaving, "props"),
        (misbehaving, "tokenize"),
        (misbehaving, "slots"),
        (misbehaving_openai, "props"),
        (misbehaving_openai, "tokenize"),
        (misbehaving_openai, "v1/completions"),
    ],
)
async def test_a_server_too_busy_to_say_what_it_is_is_asked_again(kind: Any, path: str):
    async with kind() as server:
        async with connected(ServerAddress(url=server.url)) as (engine, _):
            await engine.ready("lean")
            what_it_is = engine.facts
        async with connected(ServerAddress(url=server.url)) as (engine, told):
            server.too_busy_once.add(path)
            engine.start()
            while engine.facts is None:
                await asyncio.sleep(0.01)
            assert engine.facts == what_it_is
            (notice,) = notices(told)
            assert "takes no more requests now; it is asked again until it works" in notice
