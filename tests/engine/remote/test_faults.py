"""A server that misbehaves: one notice, an answer to every request, and recovery."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Never

import attrs
import pytest

from leanwide.engine.base import EngineError, EngineState, EngineStatus
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.remote.engine import RemoteEngine, ServerPatience
from leanwide.engine.remote.http import HttpTimeouts
from leanwide.engine.requests import CancelToken, Finished, FinishReason, Piece, Priority, Request
from leanwide.engine.specs import LaneSpec
from tests.engine.remote.misbehaving import (
    MisbehavingServer,
    answer_well,
    end,
    misbehaving,
    respond,
    start_events,
    token,
    too_busy,
)
from tests.engine.remote.misbehaving_openai import misbehaving_openai

QUICK = ServerPatience(
    http=HttpTimeouts(connect=5.0, answer=5.0, silence=0.3, progress=0.6),
    first_pause=0.01,
    long_pause=0.05,
)
LEAN = LaneSpec(name="lean", experts=0, context_tokens=4096, sequences=6)
KEY = Request(
    lane="lean", prompt=("x = ",), priority=Priority.INTERACTIVE, max_tokens=4, deadline_ms=5e3
)


@contextlib.asynccontextmanager
async def connected(
    address: ServerAddress,
) -> AsyncIterator[tuple[RemoteEngine, list[EngineStatus]]]:
    """Yield an engine and all its statuses."""
    engine, told = RemoteEngine(address, [LEAN], QUICK), list[EngineStatus]()
    engine.observe(told.append)
    try:
        async with asyncio.timeout(60):
            yield engine, told
    finally:
        await engine.close()


async def ask(engine: RemoteEngine, request: Request = KEY) -> tuple[str, FinishReason]:
    """The text of an answer, and its end."""
    text = ""
    async for event in engine.generate(request, CancelToken()):
        if isinstance(event, Finished):
            return text, event.reason
        text += event.text
    raise AssertionError("no end")


def notices(told: list[EngineStatus]) -> set[str]:
    """What the user was told."""
    return {status.reason for status in told if status.reason}


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


async def test_an_address_that_the_library_does_not_take_is_told():
    async with connected(ServerAddress(url="https://-g\u00fc_.example")) as (engine, _):
        engine.start()
        while engine.status.state is not EngineState.FAILED:
            await asyncio.sleep(0.01)
        with pytest.raises(EngineError, match=r"'https://-g\\xfc_\.example' is no address"):
            await engine.ready("lean")


async def test_what_nobody_expects_while_connecting_is_told(monkeypatch: pytest.MonkeyPatch):
    def fail(_: ServerAddress) -> Never:
        raise ZeroDivisionError

    monkeypatch.setattr("leanwide.engine.remote.engine.prepare", fail)
    async with connected(ServerAddress(url="https://gpu-box")) as (engine, told):
        engine.start()
        while engine.status.state is not EngineState.FAILED:
            await asyncio.sleep(0.01)
        assert notices(told) == {engine.status.reason}
        assert "gpu-box cannot be used (ZeroDivisionError)" in engine.status.reason


async def test_half_a_character_and_a_count_without_limit_are_no_trouble():
    async def odd(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        writer.write(token("\ud83d", 1) + end(prompt_n=10**400))

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, told):
        server.completion = odd
        await engine.ready("lean")
        assert await ask(engine) == ("\ufffd", FinishReason.END)
        assert notices(told) == set()


async def test_a_server_that_is_not_there_is_named_with_what_to_do():
    async with misbehaving() as server:
        url = server.url
    async with connected(ServerAddress(url=url)) as (engine, told):
        with pytest.raises(EngineError, match=r"cannot be reached: check that the server runs"):
            await engine.ready("lean")
        assert len(notices(told)) == 1


async def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "httpx2", None)
    async with connected(ServerAddress(url="https://gpu-box")) as (engine, _):
        with pytest.raises(EngineError, match=r"httpx2 is missing.*leanwide\[remote\]"):
            await engine.ready("lean")


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


async def test_tokens_without_end_are_cut_at_the_budget():
    async def flood(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        for number in range(1, 1_000_000):
            writer.write(token("x", number))
            await writer.drain()
            await asyncio.sleep(0)

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        server.completion = flood
        await engine.ready("lean")
        assert await ask(engine) == ("xxxx", FinishReason.LENGTH)


async def test_a_slow_answer_ends_at_its_deadline():
    async def slow(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        writer.write(token("o", 1))
        await writer.drain()
        await asyncio.sleep(30)

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        server.completion = slow
        await engine.ready("lean")
        answer = await ask(engine, attrs.evolve(KEY, deadline_ms=50.0))
        assert answer == ("o", FinishReason.DEADLINE)


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


async def test_a_cancel_closes_the_connection():
    closed = asyncio.Event()

    async def endless(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        writer.write(token("o", 1))
        await writer.drain()
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b":\n\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        closed.set()

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        server.completion = endless
        await engine.ready("lean")
        cancel, reasons = CancelToken(), []
        async for event in engine.generate(KEY, cancel):
            if isinstance(event, Piece):
                cancel.cancel()
            else:
                reasons.append(event.reason)
        assert reasons == [FinishReason.CANCELLED]
        await closed.wait()


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key and a certificate for 127.0.0.1 that no authority signed."""
    file = tmp_path_factory.mktemp("tls") / "server.pem"
    request = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    subject = "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -keyout - -out -"
    command = [*request.split(), *subject.split()]
    made = subprocess.run(command, capture_output=True, check=True)
    file.write_bytes(made.stdout)
    return file


async def test_a_certificate_that_nobody_vouches_for_is_refused_until_its_file_is_named(
    certificate: Path,
):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    async with misbehaving(tls) as server:
        url = server.url.replace("http", "https")
        async with connected(ServerAddress(url=url)) as (engine, told):
            with pytest.raises(EngineError, match=r"not trusted .* as ca_file"):
                await engine.ready("lean")
            assert server.seen == []
            assert len(notices(told)) == 1
        async with connected(ServerAddress(url=url, ca_file=certificate)) as (engine, _):
            await engine.ready("lean")
            assert await ask(engine) == ("ok", FinishReason.END)


async def test_nothing_is_sent_without_encryption_to_another_machine():
    async with connected(ServerAddress(url="http://192.0.2.1:1")) as (engine, told):
        with pytest.raises(EngineError, match=r"not encrypted.*allow_http"):
            await engine.ready("lean")
        assert engine.status.state is EngineState.FAILED
        assert len(notices(told)) == 1


async def test_a_server_of_several_models_is_told_which_one_every_time():
    async with misbehaving() as server:
        address = ServerAddress(url=server.url, model="coder: 30B & more")
        async with connected(address) as (engine, _):
            await engine.ready("lean")
            assert await ask(engine) == ("ok", FinishReason.END)
        lines = [head.partition("\r\n")[0] for head in server.seen]
        assert lines
        assert not [line for line in lines if "?model=coder%3A+30B+%26+more " not in line]
        assert [body["model"] for body in server.bodies] == ["coder: 30B & more"]


async def test_the_key_goes_to_the_named_server_only_and_no_proxy_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    key = tmp_path / "key"
    key.write_text("secret-1\n")
    async with misbehaving() as proxy, misbehaving() as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        async with connected(ServerAddress(url=server.url, key_file=key)) as (engine, _):
            await engine.ready("lean")
            await ask(engine)
        assert proxy.seen == []
        assert all("authorization: bearer secret-1" in head.lower() for head in server.seen)


async def test_thinking_over_its_budget_is_concluded_in_the_models_place(thinking_request: Request):
    async def think(_: MisbehavingServer, writer: asyncio.StreamWriter, body: Any) -> None:
        await start_events(writer)
        if "A" in "".join(chr(each - 100) for each in body["prompt"] if each >= 100):
            writer.write(token("y", 1) + end())
            return
        for number, text in enumerate(["<think>", *"hmmmmm"], 1):
            writer.write(token(text, number))
            await writer.drain()
        await asyncio.sleep(30)

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        server.completion = think
        await engine.ready("lean")
        pieces = [
            event
            async for event in engine.generate(thinking_request, CancelToken())
            if isinstance(event, Piece)
        ]
        assert "".join(piece.text for piece in pieces if not piece.thought) == "y"
        assert "".join(piece.text for piece in pieces if piece.thought).startswith("hmm")
        first, second = server.bodies
        assert second["prompt"][: len(first["prompt"])] == first["prompt"]
        assert 6 in second["prompt"]  # </think>
