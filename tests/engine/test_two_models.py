"""A model for each lane: the second one is loaded when it is first asked, in its own thread."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import attrs
import pytest
import pytest_asyncio

from leanwide.engine.base import EngineError, finish
from leanwide.engine.client import EngineClient
from leanwide.engine.process.lanes import Lanes
from leanwide.engine.process.models import Models
from leanwide.engine.requests import CancelToken, Piece, Priority, Request
from leanwide.engine.specs import LaneSpec
from leanwide.models.embedded import embedded_model
from tests.engine.make import LEAN, WIDE, request, spec

EMBEDDED_WIDE = LaneSpec(name="wide", experts=2, context_tokens=1024, sequences=1)
TEXT = "def mean(values):\n    return sum(values) / len(values)\n"
COMPLETION = request(TEXT, priority=Priority.INTERACTIVE)
QUESTION = request(TEXT, lane="wide")


@contextlib.asynccontextmanager
async def engine_of(lean: Path, wide: Path) -> AsyncIterator[EngineClient]:
    questions = attrs.evolve(spec(wide, EMBEDDED_WIDE), frees_weights=True)
    client = EngineClient((spec(lean, LEAN), questions))
    try:
        async with asyncio.timeout(60):
            yield client
    finally:
        await client.close()


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def two(tiny: Path) -> AsyncIterator[EngineClient]:
    async with engine_of(tiny, embedded_model()) as client:
        yield client


async def text_of(client: EngineClient, wanted: Request) -> str:
    events = client.generate(wanted, CancelToken())
    return "".join([event.text async for event in events if isinstance(event, Piece)])


@pytest.mark.asyncio(loop_scope="module")
async def test_the_second_model_is_loaded_when_it_is_needed(two, tiny):
    assert (await two.ready("lean")).path == tiny
    assert two.model("wide") is None
    assert [lane.name for lane in two.lanes] == ["lean"]
    assert (await two.ready("wide")).path == embedded_model()
    assert two.model("lean").path == tiny
    assert [lane.name for lane in two.lanes] == ["lean", "wide"]


@pytest.mark.asyncio(loop_scope="module")
async def test_each_lane_counts_with_its_own_vocabulary(two):
    await two.ready("wide")
    (lean,) = await two.count("lean", [TEXT])
    (wide,) = await two.count("wide", [TEXT])
    for lane, count in (("lean", lean), ("wide", wide)):
        assert await two.unread(lane, [(TEXT,)]) == [count]
    assert lean != wide


@pytest.mark.asyncio(loop_scope="module")
async def test_each_lane_answers_as_its_model_does_alone(two, tiny):
    lean, wide = await text_of(two, COMPLETION), await text_of(two, QUESTION)
    for path, lane, wanted, text in (
        (tiny, LEAN, COMPLETION, lean),
        (embedded_model(), EMBEDDED_WIDE, QUESTION, wide),
    ):
        alone = EngineClient((spec(path, lane),))
        await alone.ready(lane.name)
        assert await text_of(alone, wanted) == text
        await alone.close()


@pytest.mark.asyncio(loop_scope="module")
async def test_a_closed_lane_frees_its_model_and_counts_on(two):
    await two.ready("wide")
    before = await two.count("wide", [TEXT])
    answer = await text_of(two, QUESTION)
    two.close_lane("wide")
    async with asyncio.timeout(10):
        while len(two.lanes) == 2:
            await asyncio.sleep(0.01)
    assert await two.count("wide", [TEXT]) == before
    assert await text_of(two, QUESTION) == answer


async def test_a_second_model_that_cannot_be_loaded_fails_questions_only(tiny, tmp_path):
    async with engine_of(tiny, tmp_path / "missing.gguf") as client:
        await client.ready("lean")
        for _ in range(2):
            with pytest.raises(EngineError, match=r"missing\.gguf"):
                await client.ready("wide")
            assert (await finish(client, COMPLETION)).stats.tokens_generated
        (tmp_path / "missing.gguf").write_bytes(embedded_model().read_bytes())
        assert (await client.ready("wide")).name


@pytest.fixture
def slow_load(monkeypatch: pytest.MonkeyPatch) -> Iterator[threading.Event]:
    """Weights are loaded once this is set."""
    go, load = threading.Event(), Lanes.load_weights

    def waiting(lanes: Lanes, name: str) -> None:
        go.wait(30)
        load(lanes, name)

    monkeypatch.setattr(Lanes, "load_weights", waiting)
    yield go
    go.set()


def test_other_jobs_run_while_the_second_model_loads(tiny, dense, slow_load):
    wide = attrs.evolve(spec(dense, WIDE), frees_weights=True)
    models = Models((spec(tiny, LEAN), wide), lambda _: None, lambda _: None)
    models.open("lean", Priority.INTERACTIVE)
    loading = models.load("wide")
    for _ in range(3):
        next(loading)
        lane, _ = models.open("lean", Priority.INTERACTIVE)
        assert not lane.busy
    waits_as_well = models.load("wide")
    next(waits_as_well)
    del loading  # the request was cancelled; the next one finds the model loading
    slow_load.set()
    assert list(waits_as_well)[-1:] in ([], [None])
    assert models.lanes_with("wide").has_weights
    assert models.open("wide", Priority.COMMAND)[1].name == "wide"
    models.close("wide")
    models.close("lean")
