"""A session from its first byte to its last."""

from __future__ import annotations

import asyncio

import pytest

from leanwide.engine.scripted import ScriptedEngine
from leanwide.lsp.rpc.connection import serve_connection
from leanwide.server import create_server
from tests.rpc.client import Client


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
