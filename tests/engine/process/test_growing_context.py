"""A KV cache grows as it is used, and keeps what it holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from attrs import evolve

from leanwide.engine.base import EngineError
from leanwide.engine.process.growing_context import GrowingContext
from leanwide.engine.process.lane import Lane
from leanwide.engine.process.llama import Model
from leanwide.engine.process.llama_context import Context, ContextParams
from leanwide.engine.specs import LaneSpec
from tests.engine import make
from tests.engine.conftest import Opener
from tests.engine.make import noted_cells, run, run_cached, text_of

SMALL = 256
LEAN = LaneSpec(name="lean", experts=2, context_tokens=512, sequences=3)
LONG = "".join(f"def f{number}(x):\n    return x + {number}\n" for number in range(22))
PROMPTS = [f"# {name}\n{LONG}value = " for name in ("one", "two", "three")]

MODULE = "leanwide.engine.process.growing_context"


@pytest.fixture
def small_first(monkeypatch: pytest.MonkeyPatch) -> None:
    """A new KV cache has room for half of a prompt."""
    monkeypatch.setattr(f"{MODULE}._FIRST_CELLS", 0)
    monkeypatch.setattr(f"{MODULE}._FIRST_OF_SEQUENCE", SMALL)


@pytest.fixture
def grown(opened: Opener, tiny: Path, small_first: None) -> Lane:
    """A lane whose KV cache grows."""
    return opened(make.spec(tiny, LEAN)).lane("lean")[0]


@pytest.fixture
def whole(opened: Opener, tiny: Path, monkeypatch: pytest.MonkeyPatch) -> Lane:
    """The same lane with its full KV cache."""
    monkeypatch.setattr(f"{MODULE}._FIRST_CELLS", 10**6)
    return opened(make.spec(tiny, LEAN)).lane("lean")[0]


def test_a_lane_begins_small_and_grows_as_it_fills(whole, grown):
    assert (grown.kv.cells, whole.kv.cells) == (3 * SMALL, 3 * LEAN.context_tokens)
    assert grown.kv.context.buffer_bytes < whole.kv.context.buffer_bytes
    for prompt in PROMPTS:
        run(grown, prompt)
    assert grown.kv.cells == whole.kv.cells
    assert grown.kv.context.buffer_bytes == whole.kv.context.buffer_bytes


def test_a_short_prompt_does_not_grow_the_cache(grown):
    run(grown, "value = ")
    assert grown.kv.cells == 3 * SMALL


def test_every_prompt_is_still_there_after_growing(grown):
    for prompt in PROMPTS:
        run(grown, prompt)
    assert [run(grown, prompt)[1].stats.tokens_evaluated for prompt in PROMPTS] == [1, 1, 1]


def test_answers_are_the_same_as_with_the_full_cache(whole, grown):
    for lane in (whole, grown):
        for prompt in PROMPTS:
            run(lane, prompt)
    for prompt in PROMPTS:
        assert run_cached(grown, (prompt,))[0] == run_cached(whole, (prompt,))[0]


@pytest.mark.usefixtures("small_first")
def test_a_prompt_of_many_times_the_size_grows_the_cache_once(
    opened: Opener, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lane = opened(make.spec(tiny, evolve(LEAN, context_tokens=2048))).lane("lean")[0]
    opened_with = noted_cells(monkeypatch)
    prompt = 3 * LONG
    tokens = run(lane, prompt)[1].stats.tokens_evaluated
    assert tokens > 4 * SMALL
    assert len(opened_with) == 1
    assert lane.kv.cells >= 3 * tokens
    assert run(lane, prompt)[1].stats.tokens_evaluated == 1


def test_a_running_answer_goes_on_while_another_prompt_grows_the_cache(whole, grown):
    answers = []
    for lane in (whole, grown):
        run(lane, "x = ", max_tokens=0)
        running = lane.run(make.job(make.request("x = ", max_tokens=20)))
        steps = [next(running)]
        run(lane, PROMPTS[0])
        steps += running
        answers.append(text_of(steps))
    assert grown.kv.cells > 3 * SMALL
    assert answers[0] == answers[1] != ""


def test_each_prompt_with_a_common_beginning_grows_the_cache_while_it_runs(grown):
    """Three of them run at once, each with a copy of the beginning."""
    begun = [grown.run(make.job(make.request(LONG[:600], name, LONG[:300]))) for name in "abc"]
    for _ in range(2):
        for steps in begun:
            next(steps)
    ends = [list(steps)[-1] for steps in begun]
    assert all(end.stats.tokens_generated for end in ends)


def test_where_memory_is_short_a_long_prompt_is_refused_and_the_others_stay(grown, monkeypatch):
    run(grown, PROMPTS[0][:300])
    memory = SimpleNamespace(available=0)
    monkeypatch.setattr(f"{MODULE}.psutil.virtual_memory", lambda: memory)
    before = grown.kv.cells
    with pytest.raises(EngineError, match="no memory for so long a prompt"):
        run(grown, PROMPTS[1])
    assert grown.kv.cells == before
    assert run(grown, PROMPTS[0][:300])[1].stats.tokens_evaluated == 1


def test_the_memory_is_looked_at_too_after_another_model_was_loaded(
    grown: Lane, opened: Opener, dense: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = grown.kv.context.buffer_bytes
    opened(make.spec(dense, evolve(LEAN, experts=0))).lane("lean")
    run(grown, PROMPTS[0])
    assert grown.kv.cells > 3 * SMALL
    assert grown.kv.context.buffer_bytes > first > 0
    memory = SimpleNamespace(available=0)
    monkeypatch.setattr(f"{MODULE}.psutil.virtual_memory", lambda: memory)
    before = grown.kv.cells
    run(grown, PROMPTS[1])
    assert grown.kv.cells == before


def test_the_cache_keeps_its_tokens_where_there_is_no_memory_to_grow(
    grown: Lane, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_context = Model.open_context

    def refuse(model: Model, params: ContextParams, abort: Callable[[], bool]) -> Context:
        if params.cells > 3 * SMALL:
            raise EngineError("no memory")
        return open_context(model, params, abort)

    monkeypatch.setattr(Model, "open_context", refuse)
    params = ContextParams(
        cells=6 * SMALL, sequences=3, batch_tokens=64, threads=1, keeps_scores=True
    )
    growing = GrowingContext(grown.model, params, lambda: False)
    growing.context.decode([1, 2, 3], 0, 0)
    assert not growing.grow([0, 1, 2])
    assert growing.context.length(0) == 3
    growing.context.close()
