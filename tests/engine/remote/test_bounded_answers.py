"""Answers that a server does not end, and numbers without a limit."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import attrs

from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.requests import CancelToken, FinishReason, Piece, Request
from tests.engine.remote.asking import KEY, ask, connected, notices
from tests.engine.remote.misbehaving import (
    MisbehavingServer,
    end,
    misbehaving,
    start_events,
    token,
)


async def test_half_a_character_and_a_count_without_limit_are_no_trouble():
    async def odd(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        writer.write(token("\ud83d", 1) + end(prompt_n=10**400))

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, told):
        server.completion = odd
        await engine.ready("lean")
        assert await ask(engine) == ("\ufffd", FinishReason.END)
        assert notices(told) == set()


async def test_tokens_without_end_are_cut_at_the_budget():
    async def flood(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        for number in range(1, 1_000_000):
            writer.write(token("x", number))
            await writer.drain()
            await asyncio.sleep(0)

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        server.completion = flood
        await engine.ready("lean")
        assert await ask(engine) == ("xxxx", FinishReason.LENGTH)


async def test_a_slow_answer_ends_at_its_deadline():
    async def slow(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        writer.write(token("o", 1))
        await writer.drain()
        await asyncio.sleep(30)

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        server.completion = slow
        await engine.ready("lean")
        answer = await ask(engine, attrs.evolve(KEY, deadline_ms=50.0))
        assert answer == ("o", FinishReason.DEADLINE)


async def test_a_cancel_closes_the_connection():
    closed = asyncio.Event()

    async def endless(_: MisbehavingServer, writer: asyncio.StreamWriter, __: Any) -> None:
        await start_events(writer)
        writer.write(token("o", 1))
        await writer.drain()
        with contextlib.suppress(ConnectionError):
            while not writer.is_closing():
                writer.write(b":\n\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        closed.set()

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        server.completion = endless
        await engine.ready("lean")
        cancel, reasons = CancelToken(), []
        async for event in engine.generate(KEY, cancel):
            if isinstance(event, Piece):
                cancel.cancel()
            else:
                reasons.append(event.reason)
        assert reasons == [FinishReason.CANCELLED]
        await closed.wait()


async def test_thinking_over_its_budget_is_concluded_in_the_models_place(thinking_request: Request):
    async def think(_: MisbehavingServer, writer: asyncio.StreamWriter, body: Any) -> None:
        await start_events(writer)
        if "A" in "".join(chr(each - 100) for each in body["prompt"] if each >= 100):
            writer.write(token("y", 1) + end())
            return
        for number, text in enumerate(["<think>", *"hmmmmm"], 1):
            writer.write(token(text, number))
            await writer.drain()
        await asyncio.sleep(30)

    async with misbehaving() as server, connected(ServerAddress(url=server.url)) as (engine, _):
        server.completion = think
        await engine.ready("lean")
        pieces = [
            event
            async for event in engine.generate(thinking_request, CancelToken())
            if isinstance(event, Piece)
        ]
        assert "".join(piece.text for piece in pieces if not piece.thought) == "y"
        assert "".join(piece.text for piece in pieces if piece.thought).startswith("hmm")
        first, second = server.bodies
        assert second["prompt"][: len(first["prompt"])] == first["prompt"]
        assert 6 in second["prompt"]  # </think>
