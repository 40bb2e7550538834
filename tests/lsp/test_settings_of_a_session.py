"""What a changed setting does to a session, on the server's own state."""

from __future__ import annotations

from attrs import evolve

from leanwide.engine.scripted import ScriptedEngine
from leanwide.modes.machine import UNKNOWN
from leanwide.options import Layer
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
    await server.configure(editor=Layer("the editor", {"lanes": {"lean": {"experts": 1}}}))
    assert server.session.backend is not old
    assert server.completion is not completion
    assert server.completion.session is server.session
