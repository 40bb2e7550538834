"""What is wrong is shown once, and once more when it was mended and is wrong again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tests.rpc.client import Client, initialized

from leanwide.engine.scripted import ScriptedEngine
from leanwide.lsp import unread_files
from leanwide.server import create_server

TOO_LARGE = "x\n" * 200_000


def save(client: Client, file: Path, text: str) -> None:
    """Write a file as another program does, and report it."""
    file.write_text(text)
    changes = {"changes": [{"uri": file.as_uri(), "type": 2}]}
    client.say("workspace/didChangeWatchedFiles", changes)


async def test_each_ignore_file_that_becomes_unreadable_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(unread_files, "_GATHER_S", 0.01)
    one, other = tmp_path / "a" / ".gitignore", tmp_path / "b" / ".gitignore"
    for file in (one, other):
        file.parent.mkdir()
        (file.parent / "x.py").write_text("def somewhere(): pass\n")
    one.write_text(TOO_LARGE)
    server = create_server(lambda _: ScriptedEngine())
    folders = [{"uri": tmp_path.as_uri(), "name": "shop"}]
    async with initialized(server, workspaceFolders=folders) as client:
        await client.until(lambda: len(client.shown) == 1)
        save(client, other, TOO_LARGE)
        await client.until(lambda: len(client.shown) == 2)
        save(client, one, "")
        save(client, one, TOO_LARGE)
        await client.until(lambda: len(client.shown) == 3)
    assert [str(one) in text for text in client.shown] == [True, False, True]
    assert [str(other) in text for text in client.shown] == [False, True, False]


async def test_a_problem_of_the_settings_is_shown_once_each_time_it_is_made():
    wrong: dict[str, Any] = {"model": {"threads": "many"}}
    mended: dict[str, Any] = {"leanwide": {}}
    async with initialized(create_server(lambda _: ScriptedEngine())) as client:
        for settings in (wrong, wrong, mended, wrong):
            client.say("workspace/didChangeConfiguration", {"settings": settings})
        await client.until(lambda: len(client.shown) == 2)
    assert ["model.threads" in text for text in client.shown] == [True, True]
