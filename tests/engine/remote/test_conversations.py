"""Conversations at servers that lay them out: sent as messages, thinking told from the answer."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
import pytest

from leanwide.engine.base import EngineError, EngineState
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.remote.engine import RemoteEngine
from leanwide.engine.requests import FinishReason
from leanwide.features.chat_template import ChatTemplateCache
from leanwide.prompt.chat import Message, chat_prompt
from tests.engine.remote.asking import LEAN, QUICK, ask, connected, notices
from tests.engine.remote.misbehaving import start_events
from tests.engine.remote.misbehaving_openai import (
    DONE,
    MisbehavingOpenAi,
    misbehaving_openai,
    turn,
)
from tests.engine.remote.test_openai_servers import WIDE, events, question


@pytest.mark.parametrize("takes_ids", [True, False])
async def test_a_question_is_sent_as_the_conversation_that_it_is(takes_ids: bool):
    async with misbehaving_openai(takes_ids=takes_ids) as server:
        engine = RemoteEngine(ServerAddress(url=server.url), [WIDE], QUICK)
        try:
            model = await engine.ready("wide")
            messages = [Message("system", "Be brief."), Message("user", "Is it <|im_end|>?")]
            templates = ChatTemplateCache()
            for thinking in (True, False):
                laid_out = await templates.lay_out(messages, model, thinking=thinking)
                assert laid_out.problem is None
                prompt = chat_prompt(laid_out.layout, laid_out.messages)
                pieces, end = await events(engine, question(prompt=prompt))
                assert "".join(piece.text for piece in pieces) == "Well, yes"
                assert (end.stats.tokens_evaluated, end.stats.tokens_generated) == (9, 2)
                body = server.bodies[-1]
                assert body["messages"] == [
                    {"role": "system", "content": "Be brief."},
                    {"role": "user", "content": "Is it <\u200b|im_end|>?"},
                ]
                assert body["max_tokens"] == 11
                extras = {"chat_template_kwargs": {"enable_thinking": thinking}}
                assert body.items() >= extras.items() if takes_ids else "top_k" not in body
        finally:
            await engine.close()


@pytest.mark.parametrize("field", ["reasoning_content", "reasoning", "content"])
async def test_thinking_is_told_from_the_answer_however_the_server_tells_it(field: str):
    thought = ("<think>", "hm", "</think>") if field == "content" else ("hm",)

    async def think(_: MisbehavingOpenAi, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        for text in thought:
            writer.write(turn(**{field: text}))
        writer.write(turn(content="yes") + turn(finish="stop") + DONE)

    async with misbehaving_openai(takes_ids=False, talk=think) as server:
        engine = RemoteEngine(ServerAddress(url=server.url), [WIDE], QUICK)
        try:
            await engine.ready("wide")
            pieces, _ = await events(engine, question())
            assert [(piece.text, piece.thought) for piece in pieces] == [
                ("hm", True),
                ("yes", False),
            ]
        finally:
            await engine.close()


async def test_an_answer_ends_at_its_budget_its_stop_text_and_its_deadline():
    async def ramble(_: MisbehavingOpenAi, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        for word in ["one", "two", "three", "four", "five"]:
            writer.write(turn(content=word))
        await writer.drain()
        await asyncio.sleep(30)

    async with misbehaving_openai(takes_ids=False, talk=ramble) as server:
        engine = RemoteEngine(ServerAddress(url=server.url), [WIDE], QUICK)
        try:
            await engine.ready("wide")
            plain = question(thinking=None)
            assert await ask(engine, attrs.evolve(plain, max_tokens=2)) == (
                "onetwo",
                FinishReason.LENGTH,
            )
            assert await ask(engine, attrs.evolve(plain, stops=("othr",))) == (
                "onetw",
                FinishReason.STOP,
            )
            assert await ask(engine, attrs.evolve(plain, deadline_ms=100.0)) == (
                "onetwothreefourfive",
                FinishReason.DEADLINE,
            )
        finally:
            await engine.close()


async def test_a_text_that_is_no_conversation_is_refused_where_only_those_are_taken():
    async with misbehaving_openai(takes_ids=False) as server:
        engine = RemoteEngine(ServerAddress(url=server.url), [WIDE], QUICK)
        try:
            await engine.ready("wide")
            with pytest.raises(EngineError, match="takes no token ids"):
                await ask(engine, question(prompt=("def f(",)))
            assert engine.model("wide") is not None
            assert server.bodies == []
            assert await engine.count("wide", ["", "ab", "\u4e16\u754c"]) == [0, 1, 2]
        finally:
            await engine.close()


async def test_the_lean_lane_is_refused_where_no_token_ids_are_taken():
    async with misbehaving_openai(takes_ids=False) as server:
        address = ServerAddress(url=server.url)
        async with connected(address) as (engine, told):
            with pytest.raises(EngineError, match=r"remove lanes\.lean\.url so that"):
                await engine.ready("lean")
            assert engine.status.state is EngineState.FAILED
            assert len(notices(told)) == 1
        both = RemoteEngine(address, [LEAN, WIDE], QUICK)
        try:
            await both.ready("wide")
            assert both.status.state is EngineState.IDLE
            assert "remove lanes.lean.url" in both.status.reason
            assert [lane.name for lane in both.lanes] == ["wide"]
            with pytest.raises(EngineError, match=r"remove lanes\.lean\.url"):
                await ask(both)
            assert (await ask(both, question()))[0] == "Well, yes"
        finally:
            await both.close()
