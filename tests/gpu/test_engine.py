"""The engine with layers on a GPU: all of the model, or all but the experts of some layers.

The sums of a GPU differ from those of a CPU in their last digits, so answers are compared by how
likely the model finds a text.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import attrs
import numpy as np
import pytest

from leanwide.engine.devices import list_devices
from leanwide.engine.process.growing_context import GrowingContext
from leanwide.engine.process.lane import Lane
from leanwide.engine.process.llama import Log
from leanwide.engine.process.llama_context import ContextParams
from leanwide.engine.requests import FinishReason
from leanwide.engine.specs import LaneSpec
from leanwide.models.gguf import read_header
from leanwide.models.memory import KvType
from leanwide.models.placement import Placement, layer_bytes
from leanwide.models.residency import Residency, ResidencySetting
from leanwide_bench.synthetic.shapes import TINY
from tests.engine import make
from tests.engine.conftest import Opener
from tests.engine.make import model_of, run, to_end

CODE = "def area(width, height):\n    return "
TRUTH = "width * height + 100 - width / 3\n    # and more of it\n"
LONG = "".join(f"def f{number}(x):\n    return x + {number}\n" for number in range(20))

WHOLE = {"gpu_layers": -1, "cpu_expert_layers": 0}
EXPERTS = {"gpu_layers": -1, "cpu_expert_layers": TINY.layers}
SOME = {"gpu_layers": -1, "cpu_expert_layers": 1}
HALF = {"gpu_layers": TINY.layers // 2 + 1, "cpu_expert_layers": 0}
PLACEMENTS = {"whole": WHOLE, "experts": EXPERTS, "some-experts": SOME, "half": HALF}
SHARED = {"residency": ResidencySetting.SHARED}


def spec(tiny: Path, wishes: dict[str, Any]) -> Any:
    return attrs.evolve(make.spec(tiny), **wishes)


def score(lane: Lane, prompt: str = CODE) -> float:
    end = run(lane, prompt, lane=lane.info.name, truth=TRUTH, max_tokens=0)[1]
    return end.stats.truth_nats


@pytest.fixture(params=PLACEMENTS)
def placement(request: pytest.FixtureRequest) -> dict[str, Any]:
    return PLACEMENTS[request.param]


@pytest.fixture
def lane(opened: Opener, tiny: Path, placement: dict[str, Any]) -> Lane:
    return opened(spec(tiny, placement)).lane("lean")[0]


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The lines that llama.cpp logs about the weights."""
    lines: list[str] = []
    read = Log.read

    def keep(log: Log, level: int, text: bytes) -> None:
        lines.append(text.decode("utf-8", "replace"))
        read(log, level, text)

    monkeypatch.setattr(Log, "read", keep)
    return lines


def megabytes(lines: list[str], device: str) -> float:
    sizes = [line for line in lines if f"{device} model buffer size" in line]
    return sum(float(line.split("=")[1].split("MiB")[0]) for line in sizes) * 2**20 / 1e6


def test_the_weights_are_where_they_were_planned(
    opened: Opener, tiny: Path, placement: dict[str, Any], loaded: list[str]
) -> None:
    device = list_devices().gpus[0].name
    opened(spec(tiny, placement)).lane("lean")
    planned = layer_bytes(read_header(tiny)).on_gpu(Placement(**placement)) / 1e6
    assert megabytes(loaded, device) == pytest.approx(planned, rel=0.05, abs=0.02)
    if placement["cpu_expert_layers"]:
        assert megabytes(loaded, "CPU_Mapped") > 0


def test_a_text_is_as_likely_as_on_the_cpu(opened: Opener, tiny: Path, lane: Lane) -> None:
    on_cpu = opened(spec(tiny, {"gpu_layers": 0})).lane("lean")[0]
    assert score(lane) == pytest.approx(score(on_cpu), rel=5e-3)


def test_typing_evaluates_only_the_typed_text(lane: Lane) -> None:
    run(lane, LONG, "x = typing")
    _, end = run(lane, LONG, "x = typing", "(a)\n")
    assert end.stats.tokens_evaluated < 8
    assert end.stats.tokens_generated > 0


def test_lanes_differ_in_experts_and_share_those_in_memory(opened: Opener, tiny: Path) -> None:
    lanes = opened(spec(tiny, {**EXPERTS, "residency": ResidencySetting.AUTO}))
    lean, wide = lanes.lane("lean")[1], lanes.lane("wide")[1]
    assert (lean.experts, wide.experts) == (make.LEAN.experts, make.WIDE.experts)
    residency = lanes.model_info().residency
    assert residency is not None
    assert residency.residency is Residency.SHARED


def test_what_fits_twice_is_there_twice(opened: Opener, tiny: Path) -> None:
    lanes = opened(spec(tiny, {"gpu_layers": None}))
    lanes.lane("lean")
    residency = lanes.model_info().residency
    assert residency is not None
    assert residency.reason == "GPU memory holds the weights twice"


class Cancel:
    """Becomes true after a number of looks at it."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    def __call__(self) -> bool:
        self.looks -= 1
        return self.looks < 0


@pytest.mark.parametrize("share", [0.02, 0.1, 0.3])
def test_a_cancelled_prompt_leaves_a_cache_that_is_right(lane: Lane, share: float) -> None:
    """It is cancelled between chunks, or in one, between the steps that the CPU computes."""
    prompt = f"# {share}\n{LONG}"
    undisturbed = score(lane, prompt)
    forget(lane)
    never = Cancel(1_000_000)
    to_end(lane.run(make.job(make.request(prompt, max_tokens=0), never)))
    forget(lane)
    cancel = Cancel(int(share * (1_000_000 - never.looks)))
    _, end = to_end(lane.run(make.job(make.request(prompt, max_tokens=0), cancel)))
    assert end.reason is FinishReason.CANCELLED
    assert score(lane, prompt) == pytest.approx(undisturbed, rel=1e-3)


def forget(lane: Lane) -> None:
    """Leave nothing in the KV cache."""
    lane.kv.context.truncate(0, 0)
    for sequence in lane.kv.sequences:
        lane.kv.context.truncate(sequence.number, 0)
        sequence.tokens.clear()


def test_where_nothing_can_be_aborted_chunks_stay_short(opened: Opener, tiny: Path) -> None:
    chunker = opened(spec(tiny, WHOLE)).lane("lean")[0].kv.chunker
    chunker.completed(64, 64.0)
    assert chunker.long == chunker.short
    chunker = opened(spec(tiny, EXPERTS)).lane("lean")[0].kv.chunker
    chunker.completed(64, 6400.0)
    assert chunker.long > chunker.short


@pytest.fixture
def growing(opened: Opener, tiny: Path, placement: dict[str, Any]) -> Iterator[list[Any]]:
    """Two contexts on one model: a small one, which grows, and one of full size."""
    lanes = opened(spec(tiny, placement))
    lanes.lane("lean")
    params = ContextParams(cells=8192, sequences=2, batch_tokens=64, threads=1, keeps_scores=False)
    found = [
        GrowingContext(model_of(lanes), params, lambda: False, first_cells)
        for first_cells in (0, params.cells)
    ]
    yield found
    for context in found:
        context.context.close()


def test_a_cache_grows_and_keeps_what_it_holds(growing: list[GrowingContext]) -> None:
    small, full = growing
    tokens = list(range(10, 60))
    for each in growing:
        each.context.decode(tokens, 0, 0)
    assert small.grow([0])
    assert (small.cells, full.cells) == (8192, 8192)
    assert small.context.length(0) == len(tokens)
    for each in growing:
        each.context.decode([60], len(tokens), 0)
    np.testing.assert_allclose(small.context.logits(), full.context.logits(), atol=1e-3)


def test_a_quantised_cache_takes_half_and_finds_the_same_text_likely(
    opened: Opener, tiny: Path, placement: dict[str, Any]
) -> None:
    lean = LaneSpec(name="lean", experts=2, context_tokens=4096, sequences=2)
    plain, small = (
        opened(attrs.evolve(make.spec(tiny, lean), **placement, kv_type=kind)).lane("lean")[0]
        for kind in KvType
    )
    assert small.info.measured_bytes < plain.info.measured_bytes
    assert score(small) == pytest.approx(score(plain), rel=2e-2)
