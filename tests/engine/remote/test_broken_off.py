"""What comes after an answer that was broken off: no wait for what is not ours."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import attrs
import pytest

from leanwide.engine.remote import token_connection
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.remote.engine import RemoteEngine
from leanwide.engine.requests import CancelToken, Finished, FinishReason, Priority, Request
from tests.engine.remote.asking import KEY, ask, connected
from tests.engine.remote.misbehaving import (
    MisbehavingServer,
    answer_well,
    event,
    misbehaving,
    start_events,
    token,
)
from tests.engine.remote.misbehaving_openai import misbehaving_openai


@pytest.fixture(autouse=True)
def endless_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """A slot that is waited for in vain makes a test hang."""
    monkeypatch.setattr(token_connection, "_RELEASE_S", math.inf)


def working(task: int, decoded: int) -> dict[str, Any]:
    """What a server tells of a slot that generates."""
    return {"id_task": task, "next_token": [{"n_decoded": decoded}]}


async def one_token(server: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    writer.write(token("o", 1))
    await writer.drain()
    await asyncio.sleep(30)


async def no_token(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
    await start_events(writer)
    await asyncio.sleep(30)


async def run(engine: RemoteEngine, cancel: CancelToken, request: Request = KEY) -> FinishReason:
    """Run a request, which is cancelled at its first piece at the latest; return its end."""
    async for found in engine.generate(request, cancel):
        if isinstance(found, Finished):
            return found.reason
        cancel.cancel()
    raise AssertionError("no end")


async def break_off(engine: RemoteEngine, server: MisbehavingServer) -> None:
    """Cancel a key when the server has it: at its first token, or before."""
    cancel, sent = CancelToken(), len(server.bodies)
    key = asyncio.create_task(run(engine, cancel))
    if server.completion is no_token:
        while len(server.bodies) == sent:
            await asyncio.sleep(0.01)
        cancel.cancel()
    assert await key is FinishReason.CANCELLED


async def supersede_while_tokenized(engine: RemoteEngine, server: MisbehavingServer) -> None:
    """Cancel a key before its prompt has token ids."""

    async def hold(_: MisbehavingServer, writer: asyncio.StreamWriter, body: Any) -> None:
        tokenizing.set()
        await cancelled.wait()
        await server.answer("tokenize", body, writer)

    tokenizing, cancelled, cancel = asyncio.Event(), asyncio.Event(), CancelToken()
    server.before = hold
    key = asyncio.create_task(run(engine, cancel))
    await tokenizing.wait()
    cancel.cancel()
    server.before = None
    cancelled.set()
    assert await key is FinishReason.CANCELLED
    assert server.bodies == []


async def test_a_key_that_was_never_sent_leaves_no_slot_to_wait_for():
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        server.busy, looks = {2: working(1, decoded=0)}, server.asked("/slots")
        await supersede_while_tokenized(engine, server)
        assert await ask(engine) == ("ok", FinishReason.END)
        assert server.asked("/slots") == looks


@pytest.mark.parametrize(
    ("told", "others"),
    [
        (one_token, {0: working(7, decoded=0)}),
        (one_token, {0: working(7, decoded=100), 1: working(8, decoded=1)}),
        (no_token, {2: working(7, decoded=50)}),
    ],
    ids=["its slot was given to another at once", "others generate", "its slot is not told"],
)
async def test_answers_of_other_users_are_not_waited_for(told: Any, others: dict[int, Any]):
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        server.completion, server.busy = told, others
        await break_off(engine, server)
        server.completion = answer_well
        assert await ask(engine) == ("ok", FinishReason.END)


async def test_a_question_that_streams_meanwhile_is_not_waited_for():
    async def stream(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        writer.write(token("q", 1))
        await writer.drain()
        await answered.wait()

    answered = asyncio.Event()
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        server.completion, server.busy = stream, {0: {"id_task": 1}}
        question = attrs.evolve(KEY, prompt=("why",), priority=Priority.COMMAND)
        events = engine.generate(question, CancelToken())
        await anext(events)
        server.completion = no_token
        await break_off(engine, server)
        server.completion = answer_well
        assert await ask(engine) == ("ok", FinishReason.END)
        answered.set()
        await events.aclose()  # type: ignore[attr-defined]  # a generator


@pytest.mark.parametrize("after", [{}, {0: working(8, decoded=1)}], ids=["free", "another's"])
async def test_the_slot_of_an_answer_is_waited_for_until_it_works_on_something_else(after: Any):
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        server.completion, server.busy = one_token, {0: working(7, decoded=1)}
        looks = server.asked("/slots")
        await break_off(engine, server)
        server.completion = answer_well
        key = asyncio.create_task(ask(engine))
        while server.asked("/slots") < looks + 3:
            await asyncio.sleep(0.01)
        assert len(server.bodies) == 1
        server.busy = after
        assert await key == ("ok", FinishReason.END)


async def test_a_key_that_waits_for_a_slot_can_be_cancelled():
    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        server.completion, server.busy = one_token, {0: working(7, decoded=1)}
        looks = server.asked("/slots")
        await break_off(engine, server)
        cancel = CancelToken()
        key = asyncio.create_task(run(engine, cancel))
        while server.asked("/slots") < looks + 3:
            await asyncio.sleep(0.01)
        cancel.cancel()
        assert await key is FinishReason.CANCELLED
        assert len(server.bodies) == 1


@pytest.mark.parametrize("kind", [misbehaving, misbehaving_openai])
async def test_a_prompt_that_was_never_sent_is_unread(kind: Any):
    async with kind() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        await supersede_while_tokenized(engine, server)
        assert await engine.unread("lean", [KEY.prompt]) == [4]


@pytest.mark.parametrize("kind", [misbehaving, misbehaving_openai])
async def test_a_prompt_that_the_server_says_nothing_about_is_unread(kind: Any):
    async with kind() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        server.completion = no_token
        await break_off(engine, server)
        assert await engine.unread("lean", [KEY.prompt]) == [4]


async def test_of_a_prompt_that_was_read_in_part_the_rest_is_unread():
    async def a_quarter(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        progress = {"processed": 1, "total": 4}
        writer.write(event(content="", tokens=[], stop=False, id_slot=1, prompt_progress=progress))
        await writer.drain()
        await asyncio.sleep(30)

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        server.completion, cancel = a_quarter, CancelToken()
        request = attrs.evolve(KEY, max_tokens=0)
        async for end in engine.generate(request, cancel, lambda _: cancel.cancel()):
            assert isinstance(end, Finished)
            assert end.reason is FinishReason.CANCELLED
        assert await engine.unread("lean", [KEY.prompt]) == [3]
