"""What a session still holds of the text of documents that changed or were closed."""

from __future__ import annotations

import gc
from typing import Any

from tests.rpc.client import Client, initialized

from leanwide.context.view import Snapshot
from leanwide.engine.scripted import ScriptedEngine
from leanwide.server import create_server

URI = "file:///t/a.py"
DOCUMENT = {"uri": URI, "languageId": "python", "version": 1}
TEXT = "def first(values):\n    return values[0]\n"
LINES = {"start": {"line": 0, "character": 0}, "end": {"line": 2, "character": 0}}
END = {"line": 1, "character": 17}


async def edited(client: Client, engine: ScriptedEngine) -> str:
    """Open a document and have it edited; return the attempt's id."""
    client.say("textDocument/didOpen", {"textDocument": {**DOCUMENT, "text": TEXT}})
    engine.enqueue(["```python\n", TEXT.replace("[0]", "[:1]"), "```\n"])
    asked = {"uri": URI, "range": LINES, "instruction": "as a list"}
    command = {"command": "leanwide.refactor", "arguments": [asked]}
    client.say("workspace/executeCommand", command, 2)
    attempt: str = (await client.answer(2))["result"]["attempt"]
    return attempt


async def test_nothing_holds_the_text_of_a_closed_document():
    def held() -> list[Any]:
        gc.collect()
        found = (thing for thing in gc.get_objects() if isinstance(thing, Snapshot))
        return [snapshot for snapshot in found if snapshot.uri == URI]

    engine = ScriptedEngine()
    async with initialized(create_server(lambda _: engine)) as client:
        await edited(client, engine)
        engine.enqueue([".copy()\n"])
        place = {"textDocument": {"uri": URI}, "position": END, "context": {"triggerKind": 1}}
        client.say("textDocument/inlineCompletion", place, 3)
        assert (await client.answer(3))["result"]["items"]
        assert held()
        client.say("textDocument/didClose", {"textDocument": {"uri": URI}})
        await client.until(lambda: not held())


async def test_an_attempt_at_an_edit_is_forgotten_with_the_text_that_it_was_about():
    engine = ScriptedEngine()
    server = create_server(lambda _: engine)
    async with initialized(server) as client:
        attempt = await edited(client, engine)
        assert server.attempts.find(attempt)
        version = {"textDocument": {"uri": URI, "version": 2}, "contentChanges": [{"text": ""}]}
        client.say("textDocument/didChange", version)
        await client.until(lambda: not server.attempts.find(attempt))
