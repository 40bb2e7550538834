"""A server whose context is shorter than a lane's: what the user is told to do."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
import pytest

from leanwide.engine.base import EngineError, EngineState, EngineStatus
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.remote.engine import RemoteEngine
from tests.engine.remote.asking import KEY, LEAN, QUICK, ask, notices
from tests.engine.remote.misbehaving import MisbehavingServer, listening_on, misbehaving
from tests.engine.remote.misbehaving_openai import misbehaving_openai


def engine_for(server: MisbehavingServer, context: int = 9_000) -> RemoteEngine:
    """A lane that wants a context; the servers have one of 4,096 tokens."""
    lane = attrs.evolve(LEAN, context_tokens=context)
    return RemoteEngine(ServerAddress(url=server.url), [lane], QUICK)


@pytest.mark.parametrize(
    ("trained", "advice"),
    [
        (32_768, "start it with a longer one (llama-server: --ctx-size, vLLM: --max-model-len)"),
        (8_192, "vLLM: --max-model-len), 8,192 at most for its model"),
        (4_096, "its model was trained on 4,096, so lower context_tokens of the lane's modes"),
        (None, "--max-model-len), as far as its model was trained on one"),
    ],
)
async def test_no_longer_context_is_advised_than_the_model_was_trained_on(
    trained: int | None, advice: str
):
    async with misbehaving() as server:
        server.card = {} if trained is None else {"meta": {"n_ctx_train": trained}}
        engine = engine_for(server)
        try:
            await engine.ready("lean")
            assert advice in engine.status.reason
            with pytest.raises(EngineError) as refused:
                await ask(engine, attrs.evolve(KEY, max_tokens=8_500))
            assert advice in str(refused.value)
        finally:
            await engine.close()


async def test_the_context_of_a_server_that_tells_its_longest_sequence_is_advised_with_care():
    async with misbehaving_openai() as server:
        engine = engine_for(server)
        try:
            await engine.ready("lean")
            assert "as far as its model was trained on one" in engine.status.reason
        finally:
            await engine.close()


async def test_a_prompt_too_long_for_its_lane_is_no_matter_of_the_server():
    async with misbehaving() as server:
        engine = engine_for(server, context=1_000)
        try:
            await engine.ready("lean")
            with pytest.raises(EngineError, match=r"of 1000: raise context_tokens"):
                await ask(engine, attrs.evolve(KEY, max_tokens=2_000))
        finally:
            await engine.close()


async def test_a_router_that_loads_a_model_is_waited_for_and_is_no_trouble():
    class Router(MisbehavingServer):
        async def answer(
            self, path: str, body: dict[str, Any], writer: asyncio.StreamWriter
        ) -> None:
            if path == "props":
                await loaded.wait()
            await super().answer(path, body, writer)

    loaded, server = asyncio.Event(), Router(card={"status": {"value": "loading"}})
    patience = attrs.evolve(QUICK, http=attrs.evolve(QUICK.http, answer=0.1))
    async with listening_on(server), asyncio.timeout(60):
        engine = RemoteEngine(ServerAddress(url=server.url), [LEAN], patience)
        told = list[EngineStatus]()
        engine.observe(told.append)
        try:
            with pytest.raises(EngineError, match="loads its model"):
                await engine.ready("lean")
            assert engine.status.state is EngineState.LOADING
            loaded.set()
            while engine.model("lean") is None:
                await asyncio.sleep(0.01)
            assert notices(told) == set()
        finally:
            await engine.close()
