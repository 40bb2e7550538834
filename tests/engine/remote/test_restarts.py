"""A server that is restarted with another model while nobody asks it for anything."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import pytest

from leanwide.engine.base import EngineError, EngineState
from leanwide.engine.remote import identity
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.requests import FinishReason
from tests.engine.remote.asking import ask, connected, notices
from tests.engine.remote.misbehaving import misbehaving
from tests.engine.remote.misbehaving_openai import misbehaving_openai
from tests.engine.remote.test_faults import loading


@pytest.mark.parametrize("kind", [misbehaving, misbehaving_openai])
async def test_another_model_is_sent_no_token_ids_of_the_old_one(
    kind: Any, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(identity, "_RESTART_S", 0.0)
    async with kind() as server, connected(ServerAddress(url=server.url)) as (engine, told):
        await engine.ready("lean")
        for _ in range(2):
            assert await ask(engine) == ("ok", FinishReason.END)
        server.model = "another"
        with pytest.raises(EngineError, match="was restarted with another model or context"):
            await ask(engine)
        assert len(server.bodies) == 2
        while engine.model("lean") is None:
            await asyncio.sleep(0.01)
        assert await ask(engine) == ("ok", FinishReason.END)
        assert len(notices(told)) == 1
        assert engine.status.recoveries == 1
        if kind is misbehaving:
            assert engine.lanes[0].model == "another"


async def test_a_server_that_still_loads_after_a_restart_is_waited_for_and_is_no_trouble(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(identity, "_RESTART_S", 0.0)
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, told):
        await engine.ready("lean")
        server.before = loading
        with pytest.raises(EngineError, match=r"loads its model$"):
            await ask(engine)
        assert engine.status.state is EngineState.LOADING
        server.before = None
        while engine.model("lean") is None:
            await asyncio.sleep(0.01)
        assert await ask(engine) == ("ok", FinishReason.END)
        assert notices(told) == set()


async def test_keys_in_a_row_ask_once_what_the_server_is(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(identity, "_RESTART_S", math.inf)
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        for _ in range(3):
            await ask(engine)
        assert server.asked("/props") == 1
