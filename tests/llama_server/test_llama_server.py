"""A real llama-server: what a key costs there, and that its answers are those of a lane here."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import attrs
import pytest

from leanwide.engine.base import Engine, EngineError
from leanwide.engine.client import EngineClient
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.remote.engine import RemoteEngine, ServerPatience
from leanwide.engine.remote.http import HttpServer, HttpTimeouts, prepare
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    FinishReason,
    Markup,
    Piece,
    Priority,
    Prompt,
    Request,
)
from leanwide.engine.specs import FimTokens, LaneSpec
from leanwide.models.embedded import embedded_model
from leanwide.models.expert_count import ExpertWidth
from tests.e2e.session import END, session, unstructured
from tests.engine import make
from tests.llama_server.conftest import free_port, llama_server, write_settings

LEAN = LaneSpec(name="lean", experts=ExpertWidth.TRAINED, context_tokens=2048, sequences=4)
HEAD = "".join(
    f"def area_{n}(width, height):\n    return width * height + {n}\n\n\n" for n in range(20)
)
TYPED = "def total_area(rooms):\n    total = 0\n    for room in rooms:\n        total += room.wid"


@contextlib.asynccontextmanager
async def remote(address: ServerAddress) -> AsyncIterator[tuple[RemoteEngine, FimTokens]]:
    """A lane at the server, and the markers of its model."""
    engine = RemoteEngine(address, [LEAN])
    try:
        fim = (await engine.ready("lean")).fim
        assert fim is not None
        yield engine, fim
    finally:
        await engine.close()


def prompt(fim: FimTokens, typed: str, head: str = HEAD) -> Prompt:
    return (fim.suffix, "\n\nprint(total_area([]))\n", fim.prefix, head, fim.middle, typed)


def key(fim: FimTokens, typed: str, **more: Any) -> Request:
    more = {"max_tokens": 16, "deadline_ms": 3e4, "heal": True, **more}
    return Request(lane="lean", prompt=prompt(fim, typed), priority=Priority.INTERACTIVE, **more)


async def answer(engine: Engine, request: Request, stop_after: int = 10**9) -> tuple[str, Finished]:
    """The text of an answer, cancelled after some pieces, and its end."""
    text, pieces, cancel = "", 0, CancelToken()
    end: Finished | None = None
    async for event in engine.generate(request, cancel):
        if isinstance(event, Finished):
            end = event
        else:
            text, pieces = text + event.text, pieces + 1
            if pieces == stop_after:
                cancel.cancel()
    assert end is not None
    return text, end


async def test_a_key_evaluates_three_tokens_at_most_whoever_cancels(address: ServerAddress):
    async with remote(address) as (engine, fim):
        await answer(engine, key(fim, TYPED[:20], max_tokens=0))
        costs, reused = [], []
        for size in range(21, len(TYPED) + 1):
            _, end = await answer(engine, key(fim, TYPED[:size], max_tokens=200), stop_after=2)
            costs.append(end.stats.tokens_evaluated)
            reused.append(end.stats.tokens_reused)
        print(f"\ntokens evaluated by {len(costs)} keys: {sorted(costs)}")
        assert max(costs) <= 3
        assert min(reused) > 300


async def test_answers_are_those_of_the_same_model_here(address: ServerAddress):
    here = EngineClient((make.spec(embedded_model(), LEAN),))
    try:
        await here.ready("lean")
        async with remote(address) as (there, fim):
            for size in (23, 30, 41, 60, len(TYPED)):
                request = key(fim, TYPED[:size], heal=False, max_tokens=6)
                assert (await answer(there, request))[0] == (await answer(here, request))[0]
    finally:
        await here.close()


async def test_an_answer_continues_the_word_at_the_cursor(address: ServerAddress):
    async with remote(address) as (engine, fim):
        text, _ = await answer(engine, key(fim, "def total_area(rooms):\n    retu"))
        assert text.startswith("rn")
        text, _ = await answer(engine, key(fim, "def total_area(rooms):\n    "))
        assert not text.startswith(" ")


async def test_a_marker_in_a_text_stays_text(address: ServerAddress):
    async with remote(address) as (engine, _):
        marker = "<|endoftext|>"
        as_text, plain = await engine.count("lean", [f"a {marker} b", "a  b"])
        assert as_text > plain + 2
        with_token = await engine.unread("lean", [("a ", Markup(marker), " b")])
        assert with_token[0] < as_text


async def test_texts_are_counted_as_here(address: ServerAddress):
    here = EngineClient((make.spec(embedded_model(), LEAN),))
    texts = [
        *HEAD.splitlines(keepends=True)[:30],
        "",
        "\t\tx",
        "\u00e9\u4e16\U0001f600",
        "<|fim_middle|>",
    ]
    try:
        await here.ready("lean")
        async with remote(address) as (there, _):
            assert await there.count("lean", texts) == await here.count("lean", texts)
    finally:
        await here.close()


async def test_a_cancelled_request_frees_its_slot(address: ServerAddress):
    server = HttpServer(address, prepare(address), HttpTimeouts())
    try:
        async with remote(address) as (engine, fim):
            took_ms = []
            for _ in range(10):
                request, cancel = key(fim, TYPED[:20], max_tokens=1000, heal=False), CancelToken()
                async for event in engine.generate(request, cancel):
                    if isinstance(event, Piece) and not cancel.cancelled:
                        began = time.monotonic()
                        cancel.cancel()
                while any(slot["is_processing"] for slot in await server.get_list("slots")):
                    await asyncio.sleep(0.001)
                took_ms.append(1000 * (time.monotonic() - began))
            print(f"\nslot free after a cancel: {[round(each, 1) for each in sorted(took_ms)]} ms")
    finally:
        await server.close()


async def test_what_is_unread_is_known_without_asking(address: ServerAddress):
    async with remote(address) as (engine, fim):
        whole = prompt(fim, TYPED, HEAD.replace("area", "volume"))
        (before,) = await engine.unread("lean", [whole])
        _, end = await answer(engine, attrs.evolve(key(fim, ""), prompt=whole, max_tokens=0))
        (after,) = await engine.unread("lean", [whole])
        assert before >= end.stats.tokens_evaluated - 1 > 300
        assert after <= 1


async def test_a_wrong_key_is_named(address: ServerAddress, tmp_path: Path):
    wrong = tmp_path / "key"
    wrong.write_text("not-the-key")
    engine = RemoteEngine(attrs.evolve(address, key_file=wrong), [LEAN])
    try:
        with pytest.raises(EngineError, match="refuses the key"):
            await engine.ready("lean")
    finally:
        await engine.close()


async def test_a_server_that_was_killed_serves_again(key_file: Path, tmp_path: Path):
    port = free_port()
    quick = ServerPatience(first_pause=0.05, long_pause=0.2)
    address = ServerAddress(url=f"http://127.0.0.1:{port}", key_file=key_file)
    engine = RemoteEngine(address, [LEAN], quick)
    try:
        with llama_server(port, tmp_path / "first.log"):
            fim = (await engine.ready("lean")).fim
            assert fim is not None
            await answer(engine, key(fim, TYPED))
        with pytest.raises(EngineError):
            await answer(engine, key(fim, TYPED))
        with llama_server(port, tmp_path / "second.log"):
            async with asyncio.timeout(60):
                while engine.model("lean") is None:
                    await asyncio.sleep(0.05)
            _, end = await answer(engine, key(fim, TYPED))
            assert end.reason in (FinishReason.LENGTH, FinishReason.END)
            assert engine.status.recoveries == 1
    finally:
        await engine.close()


@pytest.fixture
def config(address: ServerAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own settings: both lanes are at the server."""
    write_settings(tmp_path, address, "lean", "wide")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


async def test_a_session_completes_and_explains_at_the_server(config: None):
    async with session({"modes": {"think": {"output_tokens": 24}}}) as editor:
        uri, at = editor.open(), END
        await editor.complete_when_ready(uri, END)
        for character in "self.set":
            at = editor.insert(uri, at, character)
            await editor.complete(uri, at)
        typed = [each for each in await editor.records() if each.source == "model"][1:]
        print(f"\ntokens evaluated by the keys: {[each.tokensEvaluated for each in typed]}")
        assert all(each.tokensEvaluated <= 3 for each in typed)
        place = {"start": {"line": 22, "character": 0}, "end": {"line": 24, "character": 0}}
        argument = {"uri": uri, "range": unstructured(place)}
        explained = await asyncio.wait_for(editor.command("leanwide.explain", argument), 60)
        assert explained.markdown
        assert explained.stats.lane == "wide"
        status = await editor.status()
        assert {lane.name for lane in status.lanes} == {"lean", "wide"}
        assert status.memoryBytes == 0
        (message,) = editor.client.messages  # the embedded model has a short context
        assert "its model was trained on 2,048" in message.message
