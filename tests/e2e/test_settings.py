"""Settings from the editor and the workspace, through a real session."""

from __future__ import annotations

from pathlib import Path

from lsprotocol import types

from tests.e2e.session import END, session


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


async def test_changed_settings_take_effect_in_the_running_server():
    async with session() as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        editor.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"leanwide": {"lanes": {"lean": {"experts": 1}}}})
        )
        await editor.complete_when_ready(uri, END)
        assert (await editor.status()).experts == 1


async def test_secrets_and_excluded_files_are_left_alone(tmp_path: Path):
    async with session({"files": {"exclude": ["vendor/"]}}, root=tmp_path) as editor:
        uri = editor.open()
        await editor.complete_when_ready(uri, END)
        for name, reason in ((".env", "secret"), ("vendor/store.py", "files.exclude")):
            excluded = editor.open(name=name)
            assert await editor.complete(excluded, END) == []
            assert reason in (await editor.last_request()).reason
