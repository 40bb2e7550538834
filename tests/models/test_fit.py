"""Whether a model fits, with which contexts, and the advice to the user."""

from __future__ import annotations

from pathlib import Path

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.models.advice import advice, alternative, load_notice
from leanwide.models.fit import Fit, Hardware, Load, Verdict, plan, with_speed
from leanwide.models.memory import LaneShape, lane_bytes
from leanwide.models.placement import ON_CPU, Placement
from leanwide.models.registry import entries
from leanwide_bench.synthetic.shapes import THIRTY_BILLION
from tests.models.test_cost import described
from tests.models.test_speed import RATES

GB = 10**9
MODEL = attrs.evolve(
    described(THIRTY_BILLION), path=Path("Qwen3-Coder-30B-A3B-Instruct-Q4_K_M.gguf")
)
LEAN = LaneShape(context_tokens=832, sequences=4, experts=4, batch_tokens=128)
WIDE = LaneShape(context_tokens=10_240, sequences=2, experts=8, batch_tokens=128)
LANES = {"lean": LEAN, "wide": WIDE}
MAPPED = Load(handles=1, mapped=True, placement=ON_CPU)


def machine(memory: float, free: float | None = None, gpu: float = 0) -> Hardware:
    free = memory if free is None else free
    return Hardware(
        memory_bytes=int(memory * GB), free_bytes=int(free * GB), gpu_bytes=int(gpu * GB)
    )


def on_gpu(layers: int) -> Load:
    return attrs.evolve(MAPPED, placement=Placement(gpu_layers=layers, cpu_expert_layers=0))


def advised(found: Fit, where: Hardware) -> str:
    better = alternative(found, where, entries(), MODEL.path.name)
    return advice("the model", found, where, better)


@pytest.mark.parametrize(
    ("load", "where", "verdict", "sentence"),
    [
        (MAPPED, machine(64), Verdict.FITS, ""),
        (MAPPED, machine(64, free=12), Verdict.CROWDED, "12.0 GB are free: close something"),
        (MAPPED, machine(16), Verdict.STREAMS, "pull qwen3-coder-30b-a3b-q2_k` brings a smaller"),
        (MAPPED, machine(8), Verdict.STREAMS, "pull qwen2.5-coder-7b-q4_k_m` brings a smaller"),
        (MAPPED, machine(0.5), Verdict.STREAMS, "choose a smaller model"),
        (attrs.evolve(MAPPED, handles=2, mapped=False), machine(64), Verdict.FITS, ""),
        (
            attrs.evolve(MAPPED, handles=2, mapped=False),
            machine(32),
            Verdict.TOO_LARGE,
            "set model.use_mmap = true",
        ),
        (on_gpu(-1), machine(16, gpu=26), Verdict.FITS, ""),
        (
            on_gpu(-1),
            machine(16, gpu=12),
            Verdict.TOO_LARGE,
            'on a GPU with 12.0 GB: set model.gpu_layers and model.cpu_expert_layers to "auto"',
        ),
        (on_gpu(24), machine(16, gpu=14), Verdict.FITS, ""),
        (on_gpu(-1), machine(16), Verdict.FITS, ""),
    ],
)
def test_the_verdict_follows_from_machine_and_model(load, where, verdict, sentence):
    found = plan(MODEL, load, where, LANES)
    assert found.verdict is verdict
    assert sentence in advised(found, where)
    assert bool(advised(found, where)) is bool(sentence)


def test_the_memory_of_each_lane_is_predicted():
    found = plan(MODEL, MAPPED, machine(64), LANES)
    assert {lane.name: lane.bytes for lane in found.lanes} == {
        name: lane_bytes(MODEL, shape) for name, shape in LANES.items()
    }
    lanes = sum(lane_bytes(MODEL, shape).total for shape in LANES.values())
    assert found.needed_bytes == MODEL.file_bytes + lanes


def test_a_smaller_quantisation_of_the_same_model_is_preferred():
    where = machine(20)
    found = plan(MODEL, MAPPED, where, LANES)
    better = alternative(found, where, entries(), MODEL.path.name)
    assert better is not None
    assert better.name == "qwen3-coder-30b-a3b-q3_k_m"
    others = [entry for entry in entries() if entry.repo != better.repo]
    other = alternative(found, machine(64), others, MODEL.path.name)
    assert other is not None
    assert other.name == "deepseek-coder-v2-lite-q4_k_m", "the best of those for both lanes"


def test_where_memory_is_short_the_wide_lane_is_shortened_first():
    """The weights take 18.6 GB; the rest is enough for one lane as wanted."""
    where = machine(21.5)
    found = plan(MODEL, MAPPED, where, LANES)
    assert found.verdict is Verdict.FITS
    lean, wide = found.lanes
    assert lean.shape == LEAN
    assert 256 <= wide.shape.context_tokens < WIDE.context_tokens
    assert "the wide lane has memory for" in advised(found, where)


@given(st.floats(1, 128), st.floats(0, 64), st.integers(256, 2**17), st.integers(1, 8))
def test_a_fitting_model_is_within_the_memory_and_more_memory_never_fits_less(
    memory, more, context, sequences
):
    shape = attrs.evolve(WIDE, context_tokens=context, sequences=sequences)
    lanes = {"lean": LEAN, "wide": shape}
    found, roomier = (plan(MODEL, MAPPED, machine(size), lanes) for size in (memory, memory + more))
    if found.verdict is Verdict.FITS:
        assert found.needed_bytes <= machine(memory).usable_bytes
        assert roomier.verdict is Verdict.FITS
        for less, most in zip(found.lanes, roomier.lanes, strict=True):
            assert less.shape.context_tokens <= most.shape.context_tokens
    for lane, wanted in zip(found.lanes, lanes.values(), strict=True):
        assert 0 < lane.shape.context_tokens <= wanted.context_tokens


def test_a_model_that_streams_gets_no_speed():
    rates = {"lean": RATES, "wide": RATES}
    fits, streams = (plan(MODEL, MAPPED, machine(size), LANES) for size in (64, 8))
    assert all(lane.decode_tokens_per_s for lane in with_speed(fits, rates).lanes)
    assert with_speed(streams, rates) == streams


def test_a_dense_model_is_planned_too():
    dense = attrs.evolve(LEAN, experts=0)
    found = plan(MODEL, MAPPED, machine(64), {"lean": dense, "wide": dense})
    assert found.verdict is Verdict.FITS


def test_only_a_model_that_streams_gets_a_notice_at_its_load():
    assert load_notice(MODEL, machine(64, free=4), LANES, MAPPED) == ""
    notice = load_notice(MODEL, machine(16), LANES, MAPPED)
    assert "read from disk again and again" in notice
    assert "leanwide models pull qwen3-coder-30b-a3b-q2_k" in notice
