"""Lanes come and go; what they take is foretold."""

from __future__ import annotations

from types import SimpleNamespace

import attrs
import pytest

from leanwide.engine.base import EngineError, FinishReason, LaneSpec, Priority
from tests.engine import make
from tests.engine.make import run

CODE = "class Server(Base):\n    def __init__(self, name):\n        self.name = name\n"


@pytest.fixture
def all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes take all of their cells when they are opened."""
    monkeypatch.setattr("leanwide.engine.process.growing_context._FIRST_CELLS", 10**6)


def test_a_closed_lane_opens_again_and_says_the_same(opened, tiny):
    lanes = opened(make.spec(tiny))
    lanes.lane("lean")
    text, _ = run(lanes.lane("wide")[0], CODE, lane="wide")
    assert lanes.close("wide")
    assert not lanes.close("wide")
    assert run(lanes.lane("lean")[0], CODE)[1].reason
    assert run(lanes.lane("wide")[0], CODE, lane="wide")[0] == text


def test_the_lane_that_counts_tokens_may_be_closed(opened, tiny):
    lanes = opened(make.spec(tiny))
    lanes.lane("lean")
    assert lanes.close("lean")
    assert lanes.model.tokenize(CODE)
    assert run(lanes.lane("lean")[0], CODE)[1].reason


def test_a_lane_at_work_stays(opened, tiny):
    lanes = opened(make.spec(tiny))
    lane, _ = lanes.lane("lean")
    steps = lane.run(make.job(make.request(CODE)))
    next(steps)
    assert not lanes.close("lean")
    list(steps)
    assert lanes.close("lean")


def test_lanes_of_one_width_share_a_handle(opened, tiny):
    same = LaneSpec(name="wide", experts=2, context_tokens=1024, sequences=2)
    lanes = opened(make.spec(tiny, make.LEAN, same))
    lean, wide = lanes.lane("lean")[0], lanes.lane("wide")[0]
    assert lean.model is wide.model
    assert lanes.close("wide")
    assert run(lean, CODE)[1].reason


@pytest.mark.parametrize("batch", [64, 512])
@pytest.mark.parametrize("experts", [1, 2, 8])
@pytest.mark.usefixtures("all_at_once")
@pytest.mark.parametrize(("context", "sequences"), [(300, 1), (1000, 3), (4096, 4)])
def test_memory_is_foretold(opened, tiny, batch, experts, context, sequences):
    lane = LaneSpec(name="lean", experts=experts, context_tokens=context, sequences=sequences)
    spec = attrs.evolve(make.spec(tiny, lane), batch_tokens=batch)
    lanes = opened(spec)
    _, info = lanes.lane("lean")
    lanes.close("lean")
    assert 0.7 * info.predicted_bytes <= info.measured_bytes <= info.predicted_bytes


def test_a_model_larger_than_the_memory_says_so_once_and_runs_all_the_same(
    opened, tiny, monkeypatch
):
    memory = SimpleNamespace(available=10**9, total=2_000_000)
    monkeypatch.setattr("leanwide.engine.process.lanes.psutil.virtual_memory", lambda: memory)
    lanes = opened(make.spec(tiny))
    lane, info = lanes.lane("lean")
    assert "of memory where 0.0 GB can be used: it is read from disk again and again" in info.notice
    assert lanes.lane("wide")[1].notice == ""
    assert run(lane, CODE)[1].reason


def test_too_little_memory_is_one_clear_error(opened, tiny, monkeypatch):
    free = SimpleNamespace(available=10_000, total=10**10)
    monkeypatch.setattr("leanwide.engine.process.lanes.psutil.virtual_memory", lambda: free)
    with pytest.raises(EngineError, match=r"the wide lane needs \d+ MB of memory and 0 are free"):
        opened(make.spec(tiny)).lane("wide")


@pytest.fixture
def swapped(opened, tiny):
    """Lanes that share one handle in turns; the lean one was open first."""
    lanes = opened(attrs.evolve(make.spec(tiny), one_handle=True))
    lanes.lane("lean", Priority.INTERACTIVE)
    return lanes


def test_a_question_has_the_weights_loaded_anew(swapped, opened, tiny):
    wide, info = swapped.lane("wide", Priority.COMMAND)
    assert info.experts == make.WIDE.experts
    assert not swapped.close("lean")
    assert swapped.model.tokenize(CODE)
    same = opened(make.spec(tiny)).lane("wide")[0]
    assert run(wide, CODE, lane="wide")[0] == run(same, CODE, lane="wide")[0]


def test_a_completion_beside_a_question_takes_the_weights_that_are_there(swapped):
    wide, _ = swapped.lane("wide", Priority.COMMAND)
    undisturbed, _ = run(wide, CODE, lane="wide")
    asked = wide.run(make.job(make.request(CODE, lane="wide")))
    steps = [next(asked)]
    lean, info = swapped.lane("lean", Priority.INTERACTIVE)
    assert (lean.model, info.experts) == (wide.model, make.WIDE.experts)
    assert run(lean, CODE)[1].reason
    assert make.text_of([*steps, *asked]) == undisturbed


def test_some_time_after_a_question_completions_have_their_own_weights_again(swapped, monkeypatch):
    run(swapped.lane("wide", Priority.COMMAND)[0], CODE, lane="wide")
    for priority in (Priority.BACKGROUND, Priority.INTERACTIVE):
        assert swapped.lane("lean", priority)[1].experts == make.WIDE.experts
    monkeypatch.setattr("leanwide.engine.process.lanes._KEEP_WEIGHTS_S", 0.0)
    assert swapped.lane("lean", Priority.BACKGROUND)[1].experts == make.WIDE.experts
    assert swapped.lane("lean", Priority.INTERACTIVE)[1].experts == make.LEAN.experts


def test_what_nobody_waits_for_ends_when_the_weights_are_swapped(swapped):
    lean, _ = swapped.lane("lean", Priority.BACKGROUND)
    ahead = lean.run(make.job(make.request(CODE, priority=Priority.BACKGROUND)))
    next(ahead)
    assert swapped.lane("wide", Priority.COMMAND)[1].experts == make.WIDE.experts
    *_, end = ahead
    assert end.reason is FinishReason.CANCELLED
