"""Answers that the client is asked to open as documents."""

from __future__ import annotations

from typing import Any

import pytest
from tests.rpc.client import initialized

from leanwide.engine.scripted import ScriptedEngine
from leanwide.server import create_server

URI = "file:///t/a.py"
OPENS_DOCUMENTS = {"window": {"showDocument": {"support": True}}}
REFUSALS = (
    {"error": {"code": -32603, "message": "there is no window"}},
    {"result": {"success": False}},
    {"result": None},
)


@pytest.mark.parametrize("reply", REFUSALS)
async def test_an_explanation_that_is_not_opened_is_shown_as_a_message(reply: dict[str, Any]):
    engine = ScriptedEngine()
    engine.enqueue(["It assigns."])
    server = create_server(lambda _: engine)
    async with initialized(server, capabilities=OPENS_DOCUMENTS) as client:
        client.replies["window/showDocument"] = reply
        document = {"uri": URI, "languageId": "python", "version": 1, "text": "x = 1\n"}
        client.say("textDocument/didOpen", {"textDocument": document})
        span = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 5}}
        asked = [{"uri": URI, "range": span, "show": True}]
        params = {"command": "leanwide.explain", "arguments": asked}
        client.say("workspace/executeCommand", params, 2)
        assert (await client.answer(2))["result"]["markdown"].strip() == "It assigns."
        await client.until(lambda: "It assigns." in [text.strip() for text in client.shown])
