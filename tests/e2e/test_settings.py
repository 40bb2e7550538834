"""Settings from the editor and the workspace, through a real session."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types

from leanwide.models.embedded import embedded_model
from tests.e2e.session import END, Session, session


def change_settings(editor: Session, settings: dict[str, Any]) -> None:
    params = types.DidChangeConfigurationParams({"leanwide": settings})
    editor.client.workspace_did_change_configuration(params)


async def test_a_workspace_may_set_budgets_but_no_model(tmp_path: Path):
    (tmp_path / ".leanwide.toml").write_text(
        '[model]\npath = "/evil/model.gguf"\n[modes.code]\noutput_tokens = 2\n'
    )
    async with session(root=tmp_path) as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        record = await editor.last_request()
        assert record.tokensGenerated <= 2
        (message,) = editor.client.messages
        assert ".leanwide.toml may set" in message.message
        assert "ignored model" in message.message
        assert "/evil" not in (await editor.status()).model.path


async def test_an_unknown_setting_is_named_with_its_nearest_neighbour():
    async with session({"modes": {"code": {"output_token": 2}}}) as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        (message,) = editor.client.messages
        assert "did you mean modes.code.output_tokens?" in message.message


async def test_a_setting_of_completion_keeps_the_engine_and_the_records():
    async with session() as editor:
        uri, note = editor.open(), editor.open("# a note ", name="note.py")
        await editor.complete_when_ready(uri, END)
        process, before = await editor.engine_process(), await editor.records()
        change_settings(editor, {"completion": {"in_comments": False}})
        await editor.complete(note, types.Position(0, 9))
        assert (await editor.records())[: len(before)] == before
        assert "silent in comments" in (await editor.last_request()).reason
        assert await editor.engine_process() == process


@pytest.mark.parametrize("changed", ["lane", "model"])
async def test_a_setting_of_the_engine_starts_another_one(changed: str, tmp_path: Path):
    copy = tmp_path / "copy.gguf"
    shutil.copy(embedded_model(), copy)
    settings: dict[str, dict[str, Any]] = {
        "lane": {"lanes": {"lean": {"experts": 1}}},
        "model": {"model": {"path": str(copy)}},
    }
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        process, before = await editor.engine_process(), await editor.records()
        change_settings(editor, settings[changed])
        await editor.complete_when_ready(uri, END)
        assert await editor.engine_process() != process
        status = await editor.status()
        assert status.experts == 1 if changed == "lane" else status.model.path == str(copy)
        assert (await editor.records())[: len(before)] == before


async def test_secrets_and_excluded_files_get_no_completions(tmp_path: Path):
    async with session({"files": {"exclude": ["vendor/"]}}, root=tmp_path) as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        for name, reason in ((".env", "secret"), ("vendor/store.py", "files.exclude")):
            excluded = editor.open(name=name)
            assert await editor.complete(excluded, END) == []
            assert reason in (await editor.last_request()).reason
