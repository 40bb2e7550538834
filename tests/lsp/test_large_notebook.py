"""A notebook whose cells are too much for one prompt."""

from __future__ import annotations

import pytest
from tests.rpc.client import initialized

from leanwide.engine.scripted import ScriptedEngine
from leanwide.server import create_server

NOTEBOOK = "file:///t/n.ipynb"
CELL, LARGE = (f"vscode-notebook-cell:/t/n.ipynb#{name}" for name in "ab")


async def test_closing_it_cancels_the_completion_of_a_cell_and_forgets_it(
    caplog: pytest.LogCaptureFixture,
):
    engine = ScriptedEngine()
    engine.enqueue(["1"])
    server = create_server(lambda _: engine)
    async with initialized(server) as client:
        texts = {CELL: "x = \n", LARGE: "# d\n" * 300_000}
        cells = [{"kind": 2, "document": uri} for uri in texts]
        client.say(
            "notebookDocument/didOpen",
            {
                "notebookDocument": {
                    "uri": NOTEBOOK,
                    "notebookType": "jupyter-notebook",
                    "version": 1,
                    "cells": cells,
                },
                "cellTextDocuments": [
                    {"uri": uri, "languageId": "python", "version": 1, "text": text}
                    for uri, text in texts.items()
                ],
            },
        )
        engine.pause()
        at = {"position": {"line": 0, "character": 4}, "context": {"triggerKind": 1}}
        client.say("textDocument/inlineCompletion", {"textDocument": {"uri": CELL}, **at}, 2)
        await client.until(lambda: engine.requests)
        assert list(server.completion.windows) == [NOTEBOOK]
        closed = [{"uri": uri} for uri in texts]
        client.say(
            "notebookDocument/didClose",
            {"notebookDocument": {"uri": NOTEBOOK}, "cellTextDocuments": closed},
        )
        assert (await client.answer(2))["result"] is None
        assert not server.completion.windows
    assert "Error" not in caplog.text
