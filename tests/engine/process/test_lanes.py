"""Lanes are opened and closed; their memory is predicted."""

from __future__ import annotations

from types import SimpleNamespace

import attrs
import pytest

from leanwide.engine.base import EngineError
from leanwide.engine.requests import Finished, FinishReason, Priority, Thinking
from leanwide.engine.specs import LaneSpec
from leanwide.models.answer_marks import answer_marks
from leanwide.models.residency import ResidencySetting
from tests.engine import make
from tests.engine.make import run

CODE = "class Server(Base):\n    def __init__(self, name):\n        self.name = name\n"


@pytest.fixture
def all_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lanes allocate all of their cells when they are opened."""
    monkeypatch.setattr("leanwide.engine.process.growing_context._FIRST_CELLS", 10**6)


def test_a_closed_lane_opens_again_and_answers_the_same(opened, tiny):
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


def test_a_busy_lane_is_not_closed(opened, tiny):
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
def test_the_memory_of_a_lane_is_predicted(opened, tiny, batch, experts, context, sequences):
    lane = LaneSpec(name="lean", experts=experts, context_tokens=context, sequences=sequences)
    spec = attrs.evolve(make.spec(tiny, lane), batch_tokens=batch)
    lanes = opened(spec)
    _, info = lanes.lane("lean")
    lanes.close("lean")
    assert 0.7 * info.predicted_bytes <= info.measured_bytes <= info.predicted_bytes


def test_a_model_larger_than_the_memory_runs_with_one_notice(opened, tiny, monkeypatch):
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
    """Lanes that take turns on one handle; the lean one is open."""
    lanes = opened(attrs.evolve(make.spec(tiny), residency=ResidencySetting.SWAP))
    lanes.lane("lean", Priority.INTERACTIVE)
    return lanes


def test_a_question_loads_the_weights_again(swapped, opened, tiny):
    wide, info = swapped.lane("wide", Priority.COMMAND)
    assert info.experts == make.WIDE.experts
    assert not swapped.close("lean")
    assert swapped.model.tokenize(CODE)
    same = opened(make.spec(tiny)).lane("wide")[0]
    assert run(wide, CODE, lane="wide")[0] == run(same, CODE, lane="wide")[0]


def test_a_completion_during_a_question_runs_on_the_loaded_weights(swapped):
    wide, _ = swapped.lane("wide", Priority.COMMAND)
    undisturbed, _ = run(wide, CODE, lane="wide")
    question = wide.run(make.job(make.request(CODE, lane="wide")))
    steps = [next(question)]
    lean, info = swapped.lane("lean", Priority.INTERACTIVE)
    assert (lean.model, info.experts) == (wide.model, make.WIDE.experts)
    assert run(lean, CODE)[1].reason
    assert make.text_of([*steps, *question]) == undisturbed


def test_some_time_after_a_question_completions_load_their_own_weights_again(swapped, monkeypatch):
    run(swapped.lane("wide", Priority.COMMAND)[0], CODE, lane="wide")
    for priority in (Priority.BACKGROUND, Priority.INTERACTIVE):
        assert swapped.lane("lean", priority)[1].experts == make.WIDE.experts
    monkeypatch.setattr("leanwide.engine.process.lanes._KEEP_WEIGHTS_S", 0.0)
    assert swapped.lane("lean", Priority.BACKGROUND)[1].experts == make.WIDE.experts
    assert swapped.lane("lean", Priority.INTERACTIVE)[1].experts == make.LEAN.experts


THINKING = Thinking(
    marks=answer_marks(None), budget_tokens=1, conclusion="So: " * 40 + "</think>", begun=True
)
BACKGROUND = [
    {"max_tokens": 8},
    {"max_tokens": 0, "truth": "some_name(another, 12) + third\n" * 14},
    {"max_tokens": 8, "thinking": THINKING},
]


@pytest.mark.parametrize("wanted", BACKGROUND, ids=["prefetch", "score", "thought"])
@pytest.mark.parametrize("steps", [1, 2, 3, 4])
def test_background_work_is_cancelled_when_the_weights_are_swapped(swapped, wanted, steps):
    lean, _ = swapped.lane("lean", Priority.BACKGROUND)
    work = lean.run(make.job(make.request("x = ", priority=Priority.BACKGROUND, **wanted)))
    for _ in range(steps):
        assert not isinstance(next(work), Finished)
    wide, info = swapped.lane("wide", Priority.COMMAND)
    assert info.experts == make.WIDE.experts
    assert run(wide, CODE, lane="wide")[1].reason
    before, end = make.to_end(work)
    assert (before, end.reason) == ([], FinishReason.CANCELLED)
