"""What is evaluated again, on models whose sequences cannot be cut anywhere."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from pathlib import Path

import attrs
import pytest

from leanwide.engine.process import state_saver
from leanwide.engine.process.lane import Lane
from leanwide.engine.requests import FinishReason, SaveRequest
from leanwide.engine.specs import LaneSpec, StateSaving
from leanwide_bench.synthetic.shapes import (
    SMALL_GRANITE,
    SMALL_LFM2,
    SMALL_MELLUM,
    SMALL_QWEN3_NEXT,
)
from leanwide_bench.synthetic.synthetic import Recipe, write
from tests.engine import make
from tests.engine.conftest import Opener
from tests.engine.make import job, request, run

SPEC = LaneSpec(name="lean", experts=2, context_tokens=1024, sequences=4)
SHAPES = {
    "lfm2": SMALL_LFM2,
    "granite": SMALL_GRANITE,
    "qwen3-next": SMALL_QWEN3_NEXT,
    "mellum": SMALL_MELLUM,
}
BEFORE = "".join(f"def f{number}(x):\n    return x + {number}\n" for number in range(20))
AFTER = "def last():\n    pass\n"
Opening = Callable[[], Lane]


@pytest.fixture(scope="module", params=SHAPES)
def model(request: pytest.FixtureRequest, models: Path) -> Path:
    path = models / f"small-{request.param}.gguf"
    write(path, Recipe(shape=SHAPES[request.param]))
    return path


@pytest.fixture
def open_lane(
    model: Path, opened: Opener, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Opening:
    """Opens the lane as a new engine does, on a machine where prefill is slower than the disk."""
    monkeypatch.setattr(state_saver, "_MIN_UNSAVED_MS", 0.0)
    monkeypatch.setattr(state_saver, "_DISK_BYTES_PER_MS", 1e12)
    saving = StateSaving(folder=tmp_path / "places", max_bytes=10**9)
    spec = attrs.evolve(make.spec(model, SPEC), saving=saving)
    return lambda: opened(spec).lane("lean")[0]


@pytest.fixture
def lane(open_lane: Opening) -> Lane:
    return open_lane()


def infill(lane: Lane, before: str, typed: str) -> tuple[str | int, ...]:
    fim = lane.model.fim
    assert fim is not None
    return (fim.prefix, before, fim.suffix, AFTER, fim.middle, typed)


def evaluated(lane: Lane, *prompt: str | int, **changes) -> int:
    return run(lane, *prompt, **changes)[1].stats.tokens_evaluated


def test_a_key_evaluates_a_few_tokens(lane):
    line = "    value = f1(x) + f2(x) * f3(x)"
    evaluated(lane, *infill(lane, BEFORE, ""))
    keys = [
        evaluated(lane, *infill(lane, BEFORE, line[:end]), max_tokens=6, heal=True)
        for end in range(1, len(line))
    ]
    assert sorted(keys)[len(keys) // 2] <= 3
    assert max(keys) <= 12


def test_what_is_erased_is_typed_again_without_a_new_prompt(lane):
    whole = evaluated(lane, *infill(lane, BEFORE, "value = f1(x) + f2(x)"))
    assert evaluated(lane, *infill(lane, BEFORE, "val")) <= whole / 8


def test_a_new_anchor_keeps_the_text_before_the_old_one(lane):
    evaluated(lane, *infill(lane, BEFORE, "y = 1\n"))
    new = evaluated(lane, *infill(lane, BEFORE + "y = 1\n", "z"))
    assert new <= len(lane.model.tokenize("y = 1\n" + AFTER)) + 8


def test_a_branch_of_a_page_evaluates_an_eighth_of_it_at_most(lane):
    fim = lane.model.fim
    page = evaluated(lane, fim.prefix, BEFORE, shared_prefix=True, max_tokens=0)
    half = BEFORE[: len(BEFORE) // 2]
    new = len(lane.model.tokenize(AFTER)) + 8
    assert evaluated(lane, *infill(lane, half, "x")) <= page / 8 + new


def test_a_cancelled_prompt_keeps_what_was_evaluated(lane):
    prompt = infill(lane, "# cancelled\n" + BEFORE, "value")
    calls = count()
    *_, end = lane.run(job(request(*prompt), lambda: next(calls) > 700))
    assert end.reason is FinishReason.CANCELLED
    done = end.stats.tokens_evaluated
    assert done > 64
    again = run(lane, *prompt)[1].stats
    assert again.tokens_reused >= done - 64, "more than the chunk was lost"


def test_a_place_is_continued_from_disk_and_typed_at(open_lane):
    lane = open_lane()
    prompt = infill(lane, BEFORE, "value")
    whole = evaluated(lane, *prompt)
    list(lane.run(job(request(*prompt, save=SaveRequest(name="place")))))
    assert evaluated(open_lane(), *prompt) <= 3
    assert evaluated(open_lane(), *infill(lane, BEFORE, "val")) <= whole / 4


@pytest.mark.parametrize("batch", [64, 512])
def test_the_memory_of_a_lane_is_predicted(opened, model, batch, monkeypatch):
    monkeypatch.setattr("leanwide.engine.process.growing_context._FIRST_CELLS", 10**6)
    spec = attrs.evolve(make.spec(model, SPEC), batch_tokens=batch)
    info = opened(spec).lane("lean")[1]
    assert 0 < info.measured_bytes <= info.predicted_bytes


@pytest.mark.parametrize("model", ["mellum"], indirect=True)
@pytest.mark.parametrize(("keep", "rest"), [(199, 1), (198, 199)])
def test_a_window_that_was_moved_is_cut_by_one_token_and_no_more(lane, keep, rest):
    """Its older tokens are gone: one token further back attends to one that is not there."""
    tokens = [5 + at for at in range(200)]
    evaluated(lane, *tokens, max_tokens=0)
    (sequence,) = (held for held in lane.kv.sequences if held.tokens)
    state = lane.kv.context.state(sequence.number)
    lane.kv.context.truncate(sequence.number, 0)
    lane.kv.context.restore(sequence.number, state)
    lane.kv._memory.restored(sequence, tokens, ())
    lane.kv._memory.changed(lane.kv.sequences)
    assert evaluated(lane, *tokens[:keep], 900, max_tokens=0) == rest
