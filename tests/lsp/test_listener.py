"""Connections: without the token nothing is served, and a session leaves nothing behind."""

from __future__ import annotations

import asyncio
import gc
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import pytest
from attrs import define, field
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from tests.collecting import without_collector
from tests.e2e.peer import TOKEN, WITHIN, Peer

from leanwide.access_token import AccessToken
from leanwide.engine.scripted import ScriptedEngine
from leanwide.engine.shared_engine import SharedEngine
from leanwide.lsp.admission import frame
from leanwide.lsp.listener import Listener, ListenerLimits
from leanwide.lsp.session import Server
from leanwide.options import restrict_session
from leanwide.server import create_server

URI = "file:///project/store.py"
CODE = "def load(path):\n    "


@define(eq=False)
class Door:
    """A listener of this process, and what it made."""

    engine: ScriptedEngine = field(factory=ScriptedEngine)
    shared: SharedEngine = field(init=False)
    port: int = 0
    servers: list[weakref.ref[Server]] = field(factory=list)
    peers: list[Peer] = field(factory=list)

    def __attrs_post_init__(self) -> None:
        self.shared = SharedEngine(self.engine)

    def new_server(self) -> Server:
        server = create_server(lambda _: self.shared.view(), restrict=restrict_session)
        self.servers.append(weakref.ref(server))
        return server

    async def connect(self) -> Peer:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port))
        self.peers.append(peer)
        return peer

    async def session(self) -> Peer:
        peer = await self.connect()
        assert "result" in await peer.initialize(TOKEN)
        return peer


@asynccontextmanager
async def door(**limits: Any) -> AsyncIterator[Door]:
    """Listen, and end every connection afterwards."""
    made = Door()
    listener = Listener(made.new_server, AccessToken(TOKEN), ListenerLimits(**limits))
    server = await asyncio.start_server(listener.connected, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        server.close()
        async with asyncio.timeout(WITHIN):
            await listener.close()
            for peer in made.peers:
                await peer.leave()


@pytest.mark.parametrize("token", [None, "", TOKEN[:-1], f"{TOKEN}\ud800", 7, {"a": TOKEN}])
async def test_without_the_token_there_is_one_error_and_the_end(token: Any):
    async with door() as at:
        peer = await at.connect()
        error = (await peer.initialize(token))["error"]
        assert error["code"] == types.ErrorCodes.InvalidRequest
        assert "initializationOptions.token" in error["message"]
        assert TOKEN not in error["message"]
        assert await peer.rest() == b""
        assert at.servers == []


@pytest.mark.parametrize(
    "message",
    [
        {"method": "workspace/executeCommand", "params": {"command": "leanwide.status"}},
        {"method": "shutdown"},
        {"method": "initialize", "params": [TOKEN]},
        {"result": None},
    ],
)
async def test_other_messages_before_the_token_are_refused(message: dict[str, Any]):
    async with door() as at:
        peer = await at.connect()
        peer.writer.write(frame({"jsonrpc": "2.0", "id": 1, **message}))
        answer = await peer.read()
        assert answer["error"]["code"] == types.ErrorCodes.InvalidRequest
        assert await peer.rest() == b""
        assert at.servers == []


@pytest.mark.parametrize(
    "data",
    [
        frame({"jsonrpc": "2.0", "method": "exit"}),
        frame({"method": "initialize", "id": 1}),
        frame({"jsonrpc": "2.0", "method": "initialize", "id": True}),
        b"Content-Length: 2\r\n\r\n[]",
        b"Content-Length: 4\r\n\r\n\xff\xfe{}",
        b"Content-Length: 100000\r\n\r\n" + b"[" * 100_000,
        b"Content-Length: 99999999999\r\n\r\n",
        b"Content-Length: %s\r\n\r\n" % (b"9" * 5_000),
        b"Content-Length: -1\r\n\r\n",
        b"Content-Type: a\r\n\r\n",
        b"Content-Length / HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST / HTTP/1.1\r\n",
        b"GET / HT",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"\0\0\0\0\0\0\0\0",
        b"content-" + b"a" * 200_000,
        b"Content-Type: a\r\n" * 1_000,
    ],
)
async def test_a_client_that_does_not_speak_lsp_is_disconnected_at_once(data: bytes):
    async with door(first_message_s=1000.0) as at:
        peer = await at.connect()
        peer.writer.write(data)
        assert await peer.rest() == b""
        assert at.servers == []


@pytest.mark.parametrize(
    "change",
    [lambda data: data, bytes.lower, lambda data: data.replace(b": ", b":  ")],
)
async def test_unusual_headers_are_accepted(change: Any):
    params = {"capabilities": {}, "initializationOptions": {"token": TOKEN}}
    message = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": params}
    header, end, body = frame(message).partition(b"\r\n\r\n")
    async with door() as at:
        peer = await at.connect()
        peer.writer.write(b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n")
        peer.writer.write(change(header) + end + body)
        assert "result" in await peer.answer(1)


@pytest.mark.parametrize("said", [b"", b"Content-", b"Content-Length: 10\r\n\r\n{"])
async def test_an_incomplete_first_message_times_out(said: bytes):
    async with door(first_message_s=0.05) as at:
        peer = await at.connect()
        peer.writer.write(said)
        assert await peer.rest() == b""


async def test_a_session_does_not_time_out():
    async with door(first_message_s=0.5) as at:
        peer = await at.session()
        await asyncio.sleep(0.7)
        assert (await peer.command("leanwide.status"))["state"] == "idle"


async def test_connections_without_the_token_keep_no_client_out():
    async with door(unauthenticated=3, first_message_s=1000.0) as at:
        strangers = [await at.connect() for _ in range(10)]
        client = await at.session()
        for stranger in strangers[:7]:
            assert await stranger.rest() == b""
        assert (await client.command("leanwide.status"))["state"] == "idle"


async def test_one_session_too_many_gets_an_error():
    async with door(sessions=2) as at:
        first, _ = await at.session(), await at.session()
        third = await at.connect()
        error = (await third.initialize(TOKEN))["error"]
        assert error["code"] == types.LSPErrorCodes.RequestFailed
        assert "2 sessions" in error["message"]
        assert await third.rest() == b""
        await first.request("shutdown")
        first.send("exit")
        await first.rest()
        assert await at.session()


async def test_the_token_and_the_client_process_are_removed_from_initialize():
    async with door() as at:
        await at.session()
        server = at.servers[0]()
        assert server is not None
        assert server.process_id is None  # it may be a process of another machine
        assert not any("token" in problem for problem in server.problems)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what comes sooner or later."""
    async with asyncio.timeout(WITHIN):
        while not condition():
            await asyncio.sleep(0.01)


def asked_for(at: Door, number: int) -> bool:
    """Whether the engine has that number of requests."""
    return len(at.engine.requests) == number


async def _visit(at: Door, leave: str) -> None:
    """A session with some work, part of it unfinished, and its end."""
    peer = await at.session()
    peer.open(URI, CODE)
    await peer.complete(URI, 1, 4)
    await peer.command("leanwide.status")
    peer.ask("workspace/executeCommand", {"command": "leanwide.explain", "arguments": []})
    peer.ask_completion(URI, 1, 4)
    if leave == "shutdown":
        await peer.request("shutdown")
    if leave != "abort":
        peer.send("exit")
        await peer.rest()
    await peer.leave()


async def test_a_closed_connection_cancels_its_own_work_only():
    async with door() as at:
        before = asyncio.all_tasks()
        at.engine.enqueue(["return path"], ["return path"])
        at.engine.pause()
        first, second = await at.session(), await at.session()
        for number, peer in enumerate((first, second), start=1):
            peer.open(URI, CODE)
            asked = peer.ask_completion(URI, 1, 4)
            await until(partial(asked_for, at, number))
        tasks = len(asyncio.all_tasks() - before)
        first.writer.transport.abort()
        await until(lambda: len(at.shared._views) == 1)  # of its sessions
        await until(lambda: 2 * len(asyncio.all_tasks() - before) <= tasks)
        at.engine.resume()
        items = (await second.answer(asked))["result"]["items"]
        assert [item["insertText"] for item in items] == ["return path"]


async def test_an_error_is_freed_once_it_is_answered():
    """Its frames hold texts, which would stay until Python collects garbage."""
    async with door() as at:
        peer = await at.session()
        with without_collector():
            asked = {"command": "leanwide.explain", "arguments": [{"uri": 7}]}
            assert "error" in await peer.request("workspace/executeCommand", asked)
            await until(lambda: not _errors())


def _errors() -> list[JsonRpcException]:
    return [held for held in gc.get_objects() if isinstance(held, JsonRpcException)]


async def test_twenty_sessions_leave_no_task_and_no_object():
    async with door() as at:
        before = asyncio.all_tasks()
        at.engine.enqueue(*[["return path"]] * 20)
        for leave in ("shutdown", "exit", "abort", "shutdown") * 5:
            await _visit(at, leave)
        await until(lambda: not asyncio.all_tasks() - before)
        gc.collect()
        await until(lambda: not any(made() for made in at.servers))
        assert len(at.servers) == 20
        assert not at.shared._views  # of its sessions
