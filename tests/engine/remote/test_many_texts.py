"""Many texts at once, such as the lines of a file: what tokenizing them costs a server."""

from __future__ import annotations

import asyncio
from typing import Any

import attrs
import pytest

from leanwide.engine.remote.address import ServerAddress
from tests.engine.remote.asking import KEY, ask, connected
from tests.engine.remote.misbehaving import NAMES, ids, listening_on, respond
from tests.engine.remote.misbehaving_openai import MisbehavingOpenAi, misbehaving_openai

LINES = [f"    value_{number} = compute({number})\n" for number in range(400)]


async def test_the_lines_of_a_file_are_asked_for_a_few_at_a_time():
    class Slow(MisbehavingOpenAi):
        async def answer(self, path: str, body: Any, writer: asyncio.StreamWriter) -> None:
            await asyncio.sleep(0.001)
            await super().answer(path, body, writer)

    server = Slow(knows_markers=False)  # so that no marker divides the lines
    async with listening_on(server), connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        counts = await asyncio.gather(*(engine.count("lean", LINES[n::4]) for n in range(4)))
        assert counts == [list(map(len, LINES[n::4])) for n in range(4)]
        assert server.most_open <= 8


async def test_the_lines_of_a_file_need_few_requests_where_a_marker_divides_them():
    async with (
        misbehaving_openai() as server,
        connected(ServerAddress(url=server.url)) as (engine, _),
    ):
        await engine.ready("lean")
        before = server.asked("/tokenize")
        lines = [*LINES, "", f"{NAMES[0]} is text\n", "<a-b> too"]
        assert await engine.count("lean", lines) == list(map(len, lines))
        assert server.asked("/tokenize") - before < 10


async def test_lines_that_are_too_long_together_are_tokenized_one_by_one():
    class Short(MisbehavingOpenAi):
        async def answer(self, path: str, body: Any, writer: asyncio.StreamWriter) -> None:
            if path == "tokenize" and len(body["prompt"]) > 100:
                respond(writer, {"error": {"type": "BadRequestError"}}, "400 Bad Request")
            else:
                await super().answer(path, body, writer)

    server = Short()
    async with listening_on(server), connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        assert await engine.count("lean", LINES[:20]) == list(map(len, LINES[:20]))


@pytest.mark.parametrize("blanks", ["dropped", "added"])
async def test_a_marker_that_changes_the_text_next_to_it_divides_nothing(blanks: str):
    class Stripping(MisbehavingOpenAi):
        def _known(self, path: str, body: dict[str, Any]) -> Any:
            if path == "tokenize":
                after = NAMES[0] if blanks == "dropped" else f"{NAMES[0]} "
                text = body["prompt"].replace(f"{NAMES[0]} ", NAMES[0]).replace(NAMES[0], after)
                return {"tokens": ids(text, special=True)}
            return super()._known(path, body)

    server = Stripping()
    async with listening_on(server), connected(ServerAddress(url=server.url)) as (engine, _):
        await engine.ready("lean")
        assert await engine.count("lean", [" a", "  b"]) == [2, 3]


async def test_a_file_full_of_markers_keeps_its_text():
    async with (
        misbehaving_openai() as server,
        connected(ServerAddress(url=server.url)) as (engine, _),
    ):
        await engine.ready("lean")
        before = server.asked("/tokenize")
        text = "".join(f"<a-{chr(97 + n // 26)}{chr(97 + n % 26)}>" for n in range(500)) + NAMES[3]
        await ask(engine, attrs.evolve(KEY, prompt=(text,)))
        assert server.bodies[-1]["prompt"] == ids(text, special=False)
        assert server.asked("/tokenize") - before < 10
