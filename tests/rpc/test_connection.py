"""A session from its first byte to its last."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from leanwide.engine.scripted import ScriptedEngine
from leanwide.lsp.rpc.connection import serve_connection
from leanwide.server import create_server
from tests.rpc.client import Client, initialized


@pytest.mark.parametrize("goodbye", ["exit", "hangs up", "killed"])
async def test_a_request_that_runs_at_the_end_is_answered(goodbye: str):
    engine, client = ScriptedEngine(), Client()
    engine.enqueue(["It loads."])
    serving = asyncio.create_task(serve_connection(create_server(lambda _: engine), client, client))
    client.say("initialize", {"processId": None, "rootUri": None, "capabilities": {}}, 1)
    document = {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": "x = 1\n"}
    client.say("textDocument/didOpen", {"textDocument": document})
    engine.pause()
    span = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}}
    asked = [{"uri": "file:///a.py", "range": span}]
    client.say("workspace/executeCommand", {"command": "leanwide.explain", "arguments": asked}, 2)
    async with asyncio.timeout(20):
        while not engine.requests:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.5)  # nothing waits to be written
        if goodbye == "exit":
            client.say("exit", None)
        elif goodbye == "hangs up":
            client.feed_eof()
        else:
            serving.cancel()
        await asyncio.wait((serving,))
    assert client.answers[2]["error"]["code"] == -32800


FAULTS = ("leanwide.lsp.rpc.connection.read_message", "leanwide.lsp.protocol.typed_params")


@pytest.mark.parametrize("broken", FAULTS)
async def test_a_message_that_cannot_be_handled_is_answered_and_the_next_one_served(
    broken: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fail(*_: Any) -> None:
        raise RecursionError("secret = 1")

    ask = ("workspace/executeCommand", {"command": "leanwide.status"})
    async with initialized(create_server(lambda _: ScriptedEngine())) as client:
        with monkeypatch.context() as patch:
            patch.setattr(broken, fail)
            client.say(*ask, 2)
            await client.until(lambda: "RecursionError" in caplog.text)
        client.say(*ask, 3)
        assert "result" in await client.answer(3)
    (error,) = (answer["error"] for answer in client.answers.values() if "error" in answer)
    assert error["code"] == -32603
    assert "secret" not in caplog.text


async def test_a_session_that_ends_by_a_fault_says_so_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    async def fail() -> None:
        raise KeyError("secret")

    server, client = create_server(lambda _: ScriptedEngine()), Client()
    monkeypatch.setattr(server.protocol, "settled", fail)
    client.say("$/nothing", None)
    async with asyncio.timeout(20):
        assert await serve_connection(server, client, client) == 1
    assert "the session ended by a fault of leanwide: KeyError at " in caplog.text
    assert "secret" not in caplog.text
