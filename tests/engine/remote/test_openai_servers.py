"""Servers with OpenAI's interface: what they are found to be, and what their quirks do."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
import pytest

from leanwide.engine.base import EngineError, EngineState, EngineStatus
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.remote.conversation import TEMPLATE
from leanwide.engine.remote.engine import RemoteEngine
from leanwide.engine.remote.facts import ServerKind
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    FinishReason,
    Markup,
    Piece,
    Priority,
    Prompt,
    Request,
    Thinking,
)
from leanwide.engine.specs import LaneSpec
from leanwide.models.answer_marks import answer_marks
from tests.engine.remote.asking import KEY, LEAN, QUICK, ask, connected, notices
from tests.engine.remote.misbehaving import Handler, event, ids, respond, start_events
from tests.engine.remote.misbehaving_openai import (
    DONE,
    MODEL,
    MisbehavingOpenAi,
    chunk,
    complete_well,
    misbehaving_openai,
    talk_well,
    usage,
)

WIDE = LaneSpec(name="wide", experts=0, context_tokens=4096, sequences=2)
QUESTION: Prompt = (
    Markup("<|im_start|>system\n"),
    "Be brief.",
    Markup("<|im_end|>\n<|im_start|>user\n"),
    "Is <|im_start|>assistant\n a marker?",
    Markup("<|im_end|>\n<|im_start|>assistant\n"),
)
THINKING = Thinking(
    marks=answer_marks(TEMPLATE), budget_tokens=3, conclusion="</think>", begun=False
)


def question(**more: Any) -> Request:
    request = Request(
        lane="wide",
        prompt=QUESTION,
        priority=Priority.COMMAND,
        max_tokens=8,
        deadline_ms=5e3,
        thinking=THINKING,
    )
    return attrs.evolve(request, **more)


async def events(engine: RemoteEngine, request: Request) -> tuple[list[Piece], Finished]:
    """The pieces of an answer, and its end."""
    pieces = list[Piece]()
    async for found in engine.generate(request, CancelToken()):
        if isinstance(found, Finished):
            return pieces, found
        pieces.append(found)
    raise AssertionError("no end")


async def test_a_key_is_sent_as_token_ids_and_its_cost_is_the_servers_count():
    async with (
        misbehaving_openai() as server,
        connected(ServerAddress(url=server.url)) as (engine, told),
    ):
        model = await engine.ready("lean")
        assert (model.name, model.fim is not None) == ("coder", True)
        assert engine.facts is not None
        assert engine.facts.kind is ServerKind.IDS
        words = "vLLM 1.2 (OpenAI's interface with token ids), 4,096 tokens, completes"
        assert engine.lanes[0].server == f"{words}, token healing"
        pieces, end = await events(engine, KEY)
        assert "".join(piece.text for piece in pieces) == "ok"
        assert (end.stats.tokens_evaluated, end.stats.tokens_reused) == (2, 2)
        (body,) = server.bodies
        assert (body["prompt"], body["max_tokens"]) == (ids("x = ", special=False), 4)
        assert body["stop_token_ids"] == [2, 3, 4]
        assert notices(told) == set()


async def test_an_answer_that_is_cancelled_has_an_estimate_of_its_cost():
    async def endless(_: Any, writer: asyncio.StreamWriter, body: Any) -> None:
        await start_events(writer)
        writer.write(chunk("o", 211))
        await writer.drain()
        await asyncio.sleep(30)

    async with (
        misbehaving_openai() as server,
        connected(ServerAddress(url=server.url)) as (engine, _),
    ):
        await engine.ready("lean")
        await ask(engine)
        server.completion = endless
        cancel, request = CancelToken(), attrs.evolve(KEY, prompt=("x = 1",))
        async for found in engine.generate(request, cancel):
            if isinstance(found, Finished):
                assert found.reason is FinishReason.CANCELLED
                assert (found.stats.tokens_evaluated, found.stats.tokens_reused) == (1, 4)
            cancel.cancel()


async def test_markers_in_a_text_stay_text_where_every_text_is_searched_for_them():
    async with (
        misbehaving_openai() as server,
        connected(ServerAddress(url=server.url)) as (engine, _),
    ):
        await engine.ready("lean")
        text = "a <|fim_middle|> b"
        await ask(engine, attrs.evolve(KEY, prompt=(text,)))
        assert server.bodies[-1]["prompt"] == ids(text, special=False)


async def test_the_word_at_the_cursor_is_continued_where_the_server_can_be_told_to():
    async with (
        misbehaving_openai() as server,
        connected(ServerAddress(url=server.url)) as (engine, _),
    ):
        await engine.ready("lean")
        assert (await ask(engine, attrs.evolve(KEY, prompt=("x(y",), heal=True)))[0] == "ok"
        assert server.bodies[-1]["prompt"] == ids("x(", special=False)


async def test_an_answer_that_must_not_begin_with_a_text_is_not_asked_for():
    async with (
        misbehaving_openai() as server,
        connected(ServerAddress(url=server.url)) as (engine, _),
    ):
        await engine.ready("lean")
        asked = len(server.bodies)
        assert (await ask(engine, attrs.evolve(KEY, avoided="x = 1")))[0] == ""
        assert len(server.bodies) == asked


async def test_without_structured_outputs_the_prompt_stays_whole():
    async with (
        misbehaving_openai(knows_structure=False) as server,
        connected(ServerAddress(url=server.url)) as (engine, told),
    ):
        await engine.ready("lean")
        assert "no token healing" in engine.lanes[0].server
        assert (await ask(engine, attrs.evolve(KEY, prompt=("x(y",), heal=True)))[0] == "ok"
        assert server.bodies[-1]["prompt"] == ids("x(y", special=False)
        assert notices(told) == set()


async def test_the_beginning_of_a_conversation_that_was_read_counts_as_read():
    async with (
        misbehaving_openai() as server,
        connected(ServerAddress(url=server.url)) as (engine, _),
    ):
        await engine.ready("lean")
        for _ in range(2):
            await ask(engine)
        await ask(engine, attrs.evolve(KEY, prompt=("other",)))
        assert await engine.unread("lean", [("x = ok?",), ("otherwise",)]) == [1, 4]


# Quirks that are no faults: the answer is whole.


async def no_usage(_: MisbehavingOpenAi, writer: asyncio.StreamWriter, body: Any) -> None:
    await start_events(writer)
    writer.write(chunk("o", 211) + chunk("k", 207, finish="stop") + DONE)


async def no_done(_: MisbehavingOpenAi, writer: asyncio.StreamWriter, body: Any) -> None:
    await start_events(writer)
    writer.write(chunk("o", 211) + chunk("k", 207) + chunk("", finish="stop"))


async def comments(_: MisbehavingOpenAi, writer: asyncio.StreamWriter, body: Any) -> None:
    await start_events(writer)
    writer.write(b": ping\n\nevent: message\nid: 7\n" + chunk("o", 211) + b":\n\n\n")
    writer.write(b"retry: 3\n" + chunk("k", 207).replace(b"\n", b"\r\n") + chunk("", finish="stop"))
    writer.write(usage(4, 2) + b"data:[DONE]\n\n")


async def no_token_ids(_: MisbehavingOpenAi, writer: asyncio.StreamWriter, body: Any) -> None:
    await start_events(writer)
    parts = chunk("o") + chunk("") + chunk("k") + chunk("", finish="stop")
    writer.write(parts.replace(b', "token_ids": []', b"") + usage(4, 2) + DONE)


async def nulls(_: MisbehavingOpenAi, writer: asyncio.StreamWriter, body: Any) -> None:
    await start_events(writer)
    writer.write(event(choices=[], error=None, usage=None) + chunk("ok", 211, 207))
    writer.write(event(choices=[{"text": None, "finish_reason": "stop"}], usage=None) + DONE)


async def a_marker(_: MisbehavingOpenAi, writer: asyncio.StreamWriter, body: Any) -> None:
    await start_events(writer)
    writer.write(chunk("ok", 211, 207) + chunk("<|fim_middle|>", 4))
    await writer.drain()
    writer.write(chunk("and another file", 300))


@pytest.mark.parametrize(
    "quirk",
    [no_usage, no_done, comments, no_token_ids, nulls, a_marker],
    ids=lambda it: it.__name__,
)
async def test_an_answer_with_a_quirk_is_whole_and_no_trouble(quirk: Handler):
    async with (
        misbehaving_openai(completion=quirk) as server,
        connected(ServerAddress(url=server.url)) as (engine, told),
    ):
        await engine.ready("lean")
        pieces, end = await events(engine, KEY)
        assert "".join(piece.text for piece in pieces) == "ok"
        assert end.reason is FinishReason.END
        assert end.stats.tokens_evaluated + end.stats.tokens_reused == 4
        assert notices(told) == set()


@pytest.mark.parametrize("told", [True, False], ids=["ids told", "no ids"])
@pytest.mark.parametrize("spelt", ["[TODO]", "<my-button>"])
async def test_several_tokens_that_spell_a_marker_are_text(spelt: str, told: bool):
    async def at_once(_: MisbehavingOpenAi, writer: asyncio.StreamWriter, body: Any) -> None:
        await start_events(writer)
        for part in ("# ", spelt, " later"):
            writer.write(chunk(part, *(ids(part, special=False) if told else ())))
        writer.write(chunk("", finish="stop") + DONE)

    async with (
        misbehaving_openai(completion=at_once) as server,
        connected(ServerAddress(url=server.url)) as (engine, _),
    ):
        await engine.ready("lean")
        answer = await ask(engine, attrs.evolve(KEY, max_tokens=64))
        assert answer == (f"# {spelt} later", FinishReason.END)


async def test_a_character_of_several_tokens_arrives_whole():
    async def halves(_: MisbehavingOpenAi, writer: asyncio.StreamWriter, body: Any) -> None:
        await start_events(writer)
        writer.write(chunk("", 300) + chunk("\u4e16", 301) + chunk("!", 133, finish="stop"))
        writer.write(usage(4, 3) + DONE)

    async with (
        misbehaving_openai(completion=halves) as server,
        connected(ServerAddress(url=server.url)) as (engine, _),
    ):
        await engine.ready("lean")
        assert await ask(engine) == ("\u4e16!", FinishReason.END)


# Faults: one notice, an answer to every request, and recovery.


async def an_error_in_the_stream(_: Any, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    writer.write(event(error={"type": "InternalServerError", "message": "x", "code": 500}) + DONE)


async def an_error_as_text(_: Any, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    writer.write(event(error="out of memory"))


async def an_old_error(_: Any, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    writer.write(event(object="error", type="InternalServerError", message="x", code=500))


async def cut(_: Any, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    writer.write(chunk("o", 211))


async def done_without_an_end(_: Any, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    writer.write(chunk("o", 211) + DONE)


async def html(_: Any, writer: asyncio.StreamWriter, __: Any) -> None:
    respond(writer, b"<html>gateway</html>", "502 Bad Gateway")


async def lost_model(server: MisbehavingOpenAi, writer: asyncio.StreamWriter, __: Any) -> None:
    respond(writer, {"error": {"type": "NotFoundError"}}, "404 Not Found")


FAULTS = [
    an_error_in_the_stream,
    an_error_as_text,
    an_old_error,
    cut,
    done_without_an_end,
    html,
    lost_model,
]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda it: it.__name__)
@pytest.mark.parametrize("lane", ["lean", "wide"])
async def test_a_fault_is_told_once_and_ends_with_the_server_well(fault: Handler, lane: str):
    request = KEY if lane == "lean" else question()
    async with misbehaving_openai() as server:
        engine = RemoteEngine(ServerAddress(url=server.url), [LEAN, WIDE], QUICK)
        told = list[EngineStatus]()
        engine.observe(told.append)
        try:
            await engine.ready(lane)
            server.completion = server.talk = fault
            for _ in range(3):
                await engine.ready(lane)
                with pytest.raises(EngineError) as failure:
                    await ask(engine, request)
            assert notices(told) == {str(failure.value)}
            server.completion, server.talk = complete_well, talk_well
            await engine.ready(lane)
            await ask(engine, request)
            assert engine.status.state is EngineState.IDLE
            assert engine.status.recoveries == 1
        finally:
            await engine.close()


async def test_a_prompt_that_is_too_long_is_refused_with_what_to_do_and_is_no_fault():
    async def refuse(_: Any, writer: asyncio.StreamWriter, __: Any) -> None:
        message = "This model's maximum context length is 4096 tokens. Your secret was 5000."
        error = {"type": "BadRequestError", "message": message, "code": 400}
        respond(writer, {"error": error}, "400 Bad Request")

    async with (
        misbehaving_openai(completion=refuse) as server,
        connected(ServerAddress(url=server.url)) as (engine, told),
    ):
        await engine.ready("lean")
        with pytest.raises(EngineError, match=r"does not fit .* --max-model-len\), as far as"):
            await ask(engine)
        assert engine.model("lean") is not None
        assert notices(told) == set()


async def test_a_model_that_the_server_lacks_is_named_with_those_that_it_has():
    async with misbehaving_openai() as server:
        address = ServerAddress(url=server.url, model="coder-30b")
        async with connected(address) as (engine, told):
            for _ in range(2):
                with pytest.raises(EngineError, match=rf"no model 'coder-30b'.*\({MODEL}\)"):
                    await engine.ready("lean")
            assert len(notices(told)) == 1
            server.models = (MODEL, "coder-30b")
            while engine.model("lean") is None:
                await asyncio.sleep(0.01)
            assert await ask(engine) == ("ok", FinishReason.END)
            assert server.bodies[-1]["model"] == "coder-30b"


async def test_of_several_models_one_has_to_be_named():
    async with (
        misbehaving_openai(models=("first", "second")) as server,
        connected(ServerAddress(url=server.url)) as (engine, told),
    ):
        with pytest.raises(EngineError, match=r"set server_model to one of them \(first, second\)"):
            await engine.ready("lean")
        assert len(notices(told)) == 1


async def test_an_address_may_end_as_clients_of_openai_expect_it():
    async with (
        misbehaving_openai() as server,
        connected(ServerAddress(url=f"{server.url}/v1")) as (engine, _),
    ):
        await engine.ready("lean")
        assert await ask(engine) == ("ok", FinishReason.END)


# Questions.
