"""What a changed setting does to a session, on the server's own state."""

from __future__ import annotations

import pytest
from attrs import evolve
from pygls.exceptions import JsonRpcException
from tests.rpc.client import initialized

from leanwide.engine.scripted import ScriptedEngine
from leanwide.lsp.arguments import ModelNameArguments, UseModelArguments
from leanwide.lsp.handlers.models import pull_model, use_model
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
