"""What a changed setting does to a session, on the server's own state."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from pygls.exceptions import JsonRpcException
from tests.index.folders import write
from tests.rpc.client import Client, initialized

from leanwide.engine.scripted import ScriptedEngine
from leanwide.features.exclusion import judge
from leanwide.lsp.arguments import ModelNameArguments, UseModelArguments
from leanwide.lsp.handlers.models import pull_model, use_model
from leanwide.lsp.rpc.connection import serve_connection
from leanwide.lsp.session import Server
from leanwide.modes.machine import UNKNOWN
from leanwide.options import Layer, restrict_session
from leanwide.server import create_server


async def test_a_session_that_no_longer_adapts_forgets_the_machine():
    """Else a battery that was low when it was switched off would narrow budgets for ever."""
    server = create_server(lambda _: ScriptedEngine())
    server.session.backend.machine = evolve(UNKNOWN, on_battery=True, battery_percent=5.0)
    engine = server.session.backend.engine
    await server.configure(editor=Layer("the editor", {"machine": {"adapt": False}}))
    assert server.session.backend.machine == UNKNOWN
    assert server.session.backend.engine is engine


async def test_a_setting_of_the_engine_leaves_nothing_of_the_old_one():
    server = create_server(lambda _: ScriptedEngine())
    old, completion = server.session.backend, server.completion
    async with initialized(server):
        await server.configure(editor=Layer("the editor", {"lanes": {"lean": {"experts": 1}}}))
    assert server.session.backend is not old
    assert server.completion is not completion
    assert server.completion.session is server.session


async def test_one_of_several_sessions_neither_pulls_nor_chooses_a_model():
    server = create_server(lambda _: ScriptedEngine(), restrict=restrict_session)
    with pytest.raises(JsonRpcException, match="all sessions share one engine"):
        await pull_model(server, ModelNameArguments(name="qwen2.5-coder-0.5b-q4_k_m"))
    with pytest.raises(JsonRpcException, match="all sessions share one engine"):
        await use_model(server, UseModelArguments(name=""))


OWN = Layer("config.toml", {"files": {"exclude": ["clients/"]}, "languages": {"off": ["markdown"]}})


def reason(server: Server, path: Path) -> str | None:
    return judge(server.folders.names.folders, str(path)).reason


@pytest.mark.parametrize("exclude", ["[]", "['!clients/', '!clients/**']", "['drafts/']"])
async def test_a_folder_takes_back_nothing_that_the_user_excludes(exclude: str, tmp_path: Path):
    first, second, outside = (tmp_path / name for name in ("first", "second", "outside"))
    write(first, {".leanwide.toml": f"[files]\nexclude = {exclude}\n[languages]\noff = ['lua']\n"})
    write(second, {".leanwide.toml": f"[files]\nexclude = {exclude}\n"})
    server = create_server(lambda _: ScriptedEngine(), (OWN,))
    await server.configure(folders=[str(first), str(second)])
    for folder in (first, second, outside):
        told = reason(server, folder / "clients/case.py")
        assert told == "case.py is excluded by files.exclude"
        assert reason(server, folder / "case.py") is None
        excludes_drafts = "drafts" in exclude and folder is not outside
        assert (reason(server, folder / "drafts/a.py") is not None) is excludes_drafts
    assert not server.serves("markdown")
    assert not server.serves("lua")


async def test_a_folder_with_too_many_patterns_besides_the_users_is_a_problem(tmp_path: Path):
    patterns = ", ".join(f"'{number}/'" for number in range(5_000))
    write(tmp_path, {".leanwide.toml": f"files.exclude = [{patterns}]\n"})
    server = create_server(lambda _: ScriptedEngine(), (OWN,))
    await server.configure(folders=[str(tmp_path)])
    (problem,) = server.problems
    assert "files.exclude with your own: these are 5,001 patterns" in problem
    assert reason(server, tmp_path / "clients/case.py") is not None


async def test_the_editor_may_choose_other_exclusions_than_the_user_file(tmp_path: Path):
    server = create_server(lambda _: ScriptedEngine(), (OWN,))
    await server.configure(editor=Layer("the editor", {"files": {"exclude": ["vendor/"]}}))
    assert reason(server, tmp_path / "clients/case.py") is None
    assert reason(server, tmp_path / "vendor/case.py") is not None


SENT_AT_THE_START = {
    "model": {"path": "/models/a.gguf"},
    "files": {"exclude": ["private/"]},
}
NOTHING_FOR_US: list[Any] = [
    None,
    {},
    [],
    {"gopls": {"staticcheck": True}, "pylsp": {}},
    {"leanwide": None},
]


@asynccontextmanager
async def connected() -> AsyncIterator[tuple[Server, Client]]:
    """Run a session that was initialized with settings."""
    server, client = create_server(lambda _: ScriptedEngine()), Client()
    serving = asyncio.create_task(serve_connection(server, client, client))
    start: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    client.say("initialize", start | {"initializationOptions": SENT_AT_THE_START}, 1)
    await client.answer(1)
    yield server, client
    client.say("exit", None)
    await serving


async def change(server: Server, client: Client, settings: Any, known: int) -> None:
    """Send settings, and wait until they apply."""
    client.say("workspace/didChangeConfiguration", {"settings": settings})
    client.say("workspace/executeCommand", {"command": "leanwide.status"}, known)
    await client.answer(known)
    await server.folders.names.settled()


@pytest.mark.parametrize("sent", NOTHING_FOR_US, ids=repr)
async def test_settings_without_any_of_ours_change_nothing(sent: Any):
    async with connected() as (server, client):
        await use_model(server, UseModelArguments(name=""))
        assert server.options.model.path == ""
        before = server.options
        await change(server, client, sent, 2)
        assert server.options == before
        assert server.problems == ()
        await change(server, client, {"leanwide": {}}, 3)
        assert server.options.files.exclude == ()


async def test_an_unknown_section_next_to_ours_is_a_problem():
    async with connected() as (server, client):
        await change(server, client, {"languages": {"off": ["lua"]}, "languags": {}}, 2)
        assert not server.serves("lua")
        (problem,) = server.problems
        assert "there is no setting languags" in problem


async def test_a_chosen_model_lasts_until_the_editor_sends_settings():
    server = create_server(lambda _: ScriptedEngine())
    async with initialized(server):
        await server.configure(editor=Layer("the editor", {"model": {"path": "/models/a.gguf"}}))
        await use_model(server, UseModelArguments(name=""))
        assert server.options.model.path == ""
        await server.configure(folders=())
        assert server.options.model.path == ""
        await server.configure(editor=Layer("the editor", {"model": {"path": "/models/b.gguf"}}))
    assert server.options.model.path == "/models/b.gguf"
