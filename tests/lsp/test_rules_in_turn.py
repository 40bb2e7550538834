"""Requests after a change of exclusions wait until the new ones are read."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from tests.index.folders import area_of
from tests.rpc.client import Client

from leanwide.engine.scripted import ScriptedEngine
from leanwide.lsp.handlers import workspace
from leanwide.lsp.rpc.connection import serve_connection
from leanwide.server import create_server

RULES = {
    ".gitignore": ("later.py\n", "ignored by .gitignore"),
    ".leanwide.toml": ("[files]\nexclude = ['later.py']\n", "excluded by files.exclude"),
}


@pytest.mark.parametrize("name", RULES)
async def test_a_request_right_after_a_changed_file_waits(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    usual = workspace.contain_folder

    def slowly(*arguments: Any) -> bool:
        time.sleep(0.3)
        return usual(*arguments)

    monkeypatch.setattr(workspace, "contain_folder", slowly)
    text, reason = RULES[name]
    engine, client = ScriptedEngine(), Client()
    engine.enqueue(["1"], ["2"])
    serving = asyncio.create_task(serve_connection(create_server(lambda _: engine), client, client))
    folder = {"uri": tmp_path.as_uri(), "name": "shop"}
    opening: dict[str, Any] = {
        "processId": None,
        "rootUri": None,
        "capabilities": {},
        "workspaceFolders": [folder],
    }
    client.say("initialize", opening, 1)
    uri = (tmp_path / "later.py").as_uri()
    document = {"uri": uri, "languageId": "python", "version": 1, "text": "x = \n"}
    client.say("textDocument/didOpen", {"textDocument": document})
    at = {"position": {"line": 0, "character": 4}, "context": {"triggerKind": 1}}
    client.say("textDocument/inlineCompletion", {"textDocument": {"uri": uri}, **at}, 2)
    assert (await client.answer(2))["result"]["items"]
    (tmp_path / name).write_text(text)
    changed = {"changes": [{"uri": (tmp_path / name).as_uri(), "type": 2}]}
    client.say("workspace/didChangeWatchedFiles", changed)
    client.say("textDocument/inlineCompletion", {"textDocument": {"uri": uri}, **at}, 3)
    assert (await client.answer(3))["result"] is None
    client.say("workspace/executeCommand", {"command": "leanwide.lastRequest"}, 4)
    assert reason in (await client.answer(4))["result"][-1]["reason"]
    client.say("exit", None)
    await serving


def test_a_name_that_is_too_long_hides_no_folder_that_came(tmp_path: Path):
    (tmp_path / "new").mkdir()
    changed = [str(tmp_path / ("x" * 300)), str(tmp_path / "a\0b"), str(tmp_path / "new")]
    assert workspace.contain_folder(changed, area_of(tmp_path))
