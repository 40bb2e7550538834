"""Documents that take a parser long do not keep an editor waiting."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

import pytest
from lsprotocol import types

from tests.e2e import scripted_server
from tests.e2e.session import session

SOON = 5.0
"""Seconds for what the server answers by itself, on a busy machine. It stood still for 22."""


@pytest.mark.parametrize(
    ("language", "name", "line", "times"),
    [
        ("cpp", "a.cpp", "a<", 5_000),
        ("cpp", "a.cpp", "a<", 10_000),
        ("json", "a.json", "[", 100_000),
        ("javascript", "a.js", "{", 60_000),
    ],
)
async def test_the_server_answers_while_it_is_asked_about_a_hostile_text(
    language: str, name: str, line: str, times: int, tmp_path: Path
):
    go = tmp_path / "go"
    go.touch()
    answers = json.dumps([["an answer"]] * 8)
    command = (sys.executable, str(Path(scripted_server.__file__)), answers, str(go))
    async with session(command=command) as editor:
        uri = editor.open(f"{line}\n" * times, name, language)
        at = types.Position(times // 2, len(line))
        document = types.TextDocumentIdentifier(uri)
        actions = editor.client.text_document_code_action_async(
            types.CodeActionParams(document, types.Range(at, at), types.CodeActionContext([]))
        )
        span = {
            "start": {"line": at.line, "character": 0},
            "end": {"line": at.line, "character": 1},
        }
        asked = [
            asyncio.create_task(actions),
            asyncio.create_task(editor.command("leanwide.explain", {"uri": uri, "range": span})),
            asyncio.create_task(editor.complete(uri, at)),
        ]
        while not all(one.done() for one in asked):
            await asyncio.wait_for(editor.status(), SOON)
            await asyncio.sleep(0.05)
        found = [one.title for one in (await asked[0]) or ()]
        assert "Explain with leanwide" in found
        assert (await asked[1]).markdown == "an answer"
