"""Where the weights of a model are on machines of given sizes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.lane_shapes import lane_shapes
from leanwide.engine.placing import Placed, place
from leanwide.models.fit import Hardware, Verdict, plan
from leanwide.models.memory import KvType, lane_bytes
from leanwide.models.placement import ON_CPU, Placement, layer_bytes
from leanwide.models.residency import Residency, ResidencySetting
from leanwide_bench.synthetic.shapes import THIRTY_BILLION, TINY_DENSE
from tests.engine import make
from tests.models.test_cost import described

GB = 10**9
MODEL = described(THIRTY_BILLION)
DENSE = described(TINY_DENSE)
LAYERS = THIRTY_BILLION.layers
LEAN = attrs.evolve(make.LEAN, experts=4, context_tokens=2112, sequences=6)
WIDE = attrs.evolve(make.WIDE, experts=8, context_tokens=10_240, sequences=2)
SPEC = attrs.evolve(make.spec(Path("model.gguf"), LEAN, WIDE), gpu_layers=None)


def machine(gpu: float | None, memory: float = 32) -> Hardware:
    return Hardware(
        memory_bytes=int(memory * GB),
        free_bytes=int(memory * GB),
        gpu_bytes=None if gpu is None else int(gpu * GB),
    )


def placed(gpu: float | None, memory: float = 32, **wishes: Any) -> Placed:
    return place(attrs.evolve(SPEC, **wishes), MODEL, machine(gpu, memory))


@pytest.mark.parametrize(
    ("gpu", "residency", "gpu_layers", "experts_in_memory"),
    [
        (None, Residency.SHARED, 0, 0),
        (0.5, Residency.SHARED, 0, 0),
        (7.5, Residency.SHARED, LAYERS + 1, 45),
        (12, Residency.SHARED, LAYERS + 1, 39),
        (24, Residency.SINGLE, LAYERS + 1, 0),
        (48, Residency.SHARED, LAYERS + 1, 0),
    ],
)
def test_a_larger_gpu_gets_more_of_the_experts(gpu, residency, gpu_layers, experts_in_memory):
    found = placed(gpu)
    assert found.residency.residency is residency
    assert found.load.placement == Placement(
        gpu_layers=gpu_layers, cpu_expert_layers=experts_in_memory
    )
    assert found.notice == ""


def test_lanes_of_one_handle_run_the_same_experts():
    lean, wide = placed(24).spec.lanes
    assert (lean.experts, wide.experts) == (8, 8)
    lean, wide = placed(None, residency=ResidencySetting.SINGLE).spec.lanes
    assert (lean.experts, wide.experts) == (4, 4)
    lean, wide = placed(7.5).spec.lanes
    assert (lean.experts, wide.experts) == (4, 8)


@given(st.floats(0.1, 64), st.sampled_from(KvType), st.sampled_from(ResidencySetting))
def test_what_is_placed_on_a_gpu_fits_there_and_is_placed_so_again(gpu, kv_type, residency):
    where = machine(gpu)
    found = place(attrs.evolve(SPEC, kv_type=kv_type, residency=residency), MODEL, where)
    lanes = lane_shapes(MODEL, found.spec)
    if found.load.placement != ON_CPU:
        weights = found.load.handles * layer_bytes(MODEL).on_gpu(found.load.placement)
        share = min(1.0, found.load.placement.gpu_layers / LAYERS)
        buffers = share * sum(lane_bytes(MODEL, shape).total for shape in lanes.values())
        assert weights + buffers <= (where.gpu_bytes or 0)
    again = place(found.spec, MODEL, where)
    assert again.spec == found.spec
    assert again.load == found.load


@given(st.floats(0, 64), st.floats(0, 16))
def test_more_gpu_memory_never_holds_less(gpu, more):
    less, most = (
        place(attrs.evolve(SPEC, residency=ResidencySetting.SHARED), MODEL, machine(size))
        for size in (gpu, gpu + more)
    )
    sizes = layer_bytes(MODEL)
    assert sizes.on_gpu(less.load.placement) <= sizes.on_gpu(most.load.placement)


def test_numbers_of_the_user_are_kept():
    found = placed(4, gpu_layers=10, cpu_expert_layers=45)
    assert found.load.placement == Placement(gpu_layers=10, cpu_expert_layers=45)
    assert placed(24, gpu_layers=-1).load.placement == Placement(gpu_layers=-1, cpu_expert_layers=0)
    assert placed(7.5, gpu_layers=-1).load.placement.cpu_expert_layers == 45


def test_without_a_gpu_a_wish_for_one_is_answered_with_a_sentence():
    found = placed(None, gpu_layers=-1)
    assert found.load.placement == ON_CPU
    assert "model.gpu_layers has no effect" in found.notice


def test_a_gpu_of_unknown_memory_is_used_only_when_asked_for():
    assert placed(0).load.placement == ON_CPU
    assert placed(0, gpu_layers=-1).load.placement.gpu_layers == -1


def test_a_smaller_kv_cache_leaves_room_for_experts():
    half = placed(7.5, kv_type=KvType.Q8_0).load.placement
    assert half.cpu_expert_layers < placed(7.5).load.placement.cpu_expert_layers


def test_copied_weights_get_one_handle():
    assert placed(7.5, use_mmap=False).residency.residency is Residency.SINGLE


def test_a_dense_model_gets_as_many_layers_as_fit():
    sizes = layer_bytes(DENSE)
    shapes = lane_shapes(DENSE, attrs.evolve(SPEC, gpu_layers=-1))
    lanes = sum(lane_bytes(DENSE, shape).total for shape in shapes.values())
    most = Placement(gpu_layers=len(sizes.shared) + 1, cpu_expert_layers=0)
    found = place(SPEC, DENSE, machine((sizes.on_gpu(most) + lanes) / GB))
    assert found.load.placement == most
    fewer = place(SPEC, DENSE, machine((sizes.on_gpu(most) + lanes - 1000) / GB))
    assert 0 < fewer.load.placement.gpu_layers < most.gpu_layers


def test_the_plan_counts_a_copy_of_the_dense_part_for_each_handle_and_the_experts_once():
    where = machine(7.5)
    found = placed(7.5)
    fit = plan(MODEL, found.load, where, lane_shapes(MODEL, found.spec))
    once = layer_bytes(MODEL).on_gpu(found.load.placement)
    assert fit.on_gpu_bytes == 2 * once
    assert fit.memory_bytes == MODEL.file_bytes - once
    assert fit.verdict is Verdict.FITS
