"""Real servers with OpenAI's interface that take token ids: llama.cpp's, and vLLM."""

from __future__ import annotations

import asyncio

import pytest

from leanwide.engine.client import EngineClient
from leanwide.engine.remote.engine import RemoteEngine
from leanwide.engine.remote.facts import ServerKind
from leanwide.engine.requests import CancelToken, FinishReason, Markup, Piece, Priority, Request
from leanwide.engine.specs import LaneSpec
from leanwide.features.chat_template import ChatTemplateCache
from leanwide.models.embedded import embedded_model
from leanwide.prompt.chat import Message, chat_prompt
from tests.e2e.session import END, session, unstructured
from tests.engine import make
from tests.llama_server.conftest import write_settings
from tests.llama_server.test_llama_server import HEAD, LEAN, TYPED, answer, key, remote
from tests.openai_servers.conftest import IdServer

WIDE = LaneSpec(name="wide", experts=0, context_tokens=2048, sequences=2)


async def test_what_the_server_is_is_found_by_asking(server: IdServer):
    async with remote(server.address) as (engine, _):
        assert engine.facts is not None
        assert engine.facts.kind is ServerKind.IDS
        assert engine.facts.context_tokens == 4096
        assert engine.facts.heals
        print(f"\n{engine.facts.words}")


async def test_a_key_evaluates_what_is_new_and_the_rest_of_a_block(server: IdServer):
    async with remote(server.address) as (engine, fim):
        await answer(engine, key(fim, TYPED[:40], max_tokens=0))
        costs, reused = [], []
        for size in range(41, len(TYPED) + 1):  # a cancel would hide the server's own count
            _, end = await answer(engine, key(fim, TYPED[:size], max_tokens=2))
            costs.append(end.stats.tokens_evaluated)
            reused.append(end.stats.tokens_reused)
        print(f"\ntokens evaluated by {len(costs)} keys: {sorted(costs)}")
        assert max(costs) <= 3 + server.block
        assert min(reused) > 300


async def test_answers_are_those_of_the_same_model_here(llama_interface: IdServer):
    here = EngineClient((make.spec(embedded_model(), LEAN),))
    try:
        await here.ready("lean")
        async with remote(llama_interface.address) as (there, fim):
            for size in (23, 41, len(TYPED)):
                request = key(fim, TYPED[:size], heal=False, max_tokens=6)
                assert (await answer(there, request))[0] == (await answer(here, request))[0]
            texts = [*HEAD.splitlines(keepends=True)[:9], "", "\t\tx", "\u00e9\u4e16\U0001f600"]
            assert await there.count("lean", texts) == await here.count("lean", texts)
    finally:
        await here.close()


async def test_an_answer_continues_the_word_at_the_cursor(server: IdServer):
    async with remote(server.address) as (engine, fim):
        cut = "def total_area(rooms):\n    retu"
        text, end = await answer(engine, key(fim, cut, max_tokens=8))
        # Random weights say anything after the word; an answer that begins otherwise is dropped.
        assert text.startswith("rn") or end.reason is FinishReason.LENGTH
        text, _ = await answer(engine, key(fim, "def total_area(rooms):\n    ", max_tokens=4))
        assert not text.startswith(" ")


async def test_a_marker_in_a_text_stays_text(server: IdServer):
    async with remote(server.address) as (engine, _):
        marker = "<|endoftext|>"
        as_text, plain = await engine.count("lean", [f"a {marker} b", "a  b"])
        assert as_text > plain + 2
        (with_token,) = await engine.unread("lean", [("a ", Markup(marker), " b")])
        assert with_token < as_text


async def test_a_cancelled_request_ends_at_the_server(server: IdServer):
    async with remote(server.address) as (engine, fim):
        for _ in range(3):
            request, cancel = key(fim, TYPED[:20], max_tokens=1000, heal=False), CancelToken()
            async for event in engine.generate(request, cancel):
                if isinstance(event, Piece):
                    cancel.cancel()
            async with asyncio.timeout(10):
                while await asyncio.to_thread(server.is_busy):
                    await asyncio.sleep(0.01)


async def test_a_question_is_laid_out_by_the_server(server: IdServer):
    engine = RemoteEngine(server.address, [WIDE])
    try:
        model = await engine.ready("wide")
        messages = [Message("system", "Be brief."), Message("user", "What does `return` do?")]
        laid_out = await ChatTemplateCache().lay_out(messages, model, thinking=False)
        request = Request(
            lane="wide",
            prompt=chat_prompt(laid_out.layout, messages),
            priority=Priority.COMMAND,
            max_tokens=12,
            deadline_ms=6e4,
        )
        text, end = await answer(engine, request)
        assert text
        assert end.stats.tokens_evaluated + end.stats.tokens_reused > 8
        _, again = await answer(engine, request)
        assert again.stats.tokens_reused >= end.stats.tokens_reused
    finally:
        await engine.close()


@pytest.fixture
def config(server: IdServer, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own settings: both lanes are at the server."""
    write_settings(tmp_path, server.address, "lean", "wide")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


async def test_a_session_completes_and_explains_at_the_server(config: None):
    async with session({"modes": {"think": {"output_tokens": 24}}}) as editor:
        uri, at = editor.open(), END
        async with asyncio.timeout(60):
            while not (await editor.status()).lanes:
                await asyncio.sleep(0.05)
        for character in "self.set":
            at = editor.insert(uri, at, character)
            await editor.complete(uri, at)
        place = {"start": {"line": 22, "character": 0}, "end": {"line": 24, "character": 0}}
        argument = {"uri": uri, "range": unstructured(place)}
        explained = await asyncio.wait_for(editor.command("leanwide.explain", argument), 120)
        assert explained.markdown
        assert explained.stats.lane == "wide"
        typed = [each for each in await editor.records() if each.source == "model"]
        assert {each.lane for each in typed} == {"lean", "wide"}
        status = await editor.status()
        assert all("token ids" in lane.server for lane in status.lanes)
