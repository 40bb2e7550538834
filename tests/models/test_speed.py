"""The predicted speed of a model; tests/benchmarks compares it with the real one."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.models.cost import token_cost
from leanwide.models.speed import (
    Rates,
    StepRates,
    best,
    decode_tokens_per_s,
    products_s,
    prompt_tokens_per_s,
)
from leanwide_bench.synthetic.shapes import THIRTY_BILLION, TINY_DENSE
from tests.models.test_cost import described

COST = token_cost(described(THIRTY_BILLION))
STEP = StepRates(
    tokens=128, dense_flops_per_s=190e9, expert_flops_per_s=85e9, attention_flops_per_s=60e9
)
RATES = Rates(
    stream_bytes_per_s=19e9,
    attention_flops_per_s=60e9,
    layer_s=0.0,
    step=STEP,
)


@pytest.mark.parametrize(("experts", "measured"), [(2, 16.8), (4, 13.4), (8, 9.9)])
def test_memory_bandwidth_bounds_decoding(experts, measured):
    """Measured: a model of 30 B on a machine that reads 19 GB/s."""
    assert decode_tokens_per_s(COST, RATES, experts, 0) == pytest.approx(measured, rel=0.25)


@given(st.integers(1, 127), st.integers(0, 2**17), st.integers(0, 2**17))
def test_more_experts_and_more_context_are_never_faster(experts, context, more):
    few = decode_tokens_per_s(COST, RATES, experts, context)
    assert decode_tokens_per_s(COST, RATES, experts + 1, context) <= few
    assert decode_tokens_per_s(COST, RATES, experts, context + more) <= few
    prompts = prompt_tokens_per_s(COST, RATES, experts, context)
    assert prompt_tokens_per_s(COST, RATES, experts + 1, context) <= prompts
    assert prompt_tokens_per_s(COST, RATES, experts, context + more) <= prompts


@given(st.floats(1e9, 1e14), st.floats(1e9, 1e14), st.floats(1.0, 4.0))
def test_faster_kernels_speed_prefill_up_by_no_more_than_their_gain(dense, routed, gain):
    rates = [
        attrs.evolve(RATES, step=attrs.evolve(STEP, dense_flops_per_s=a, expert_flops_per_s=b))
        for a, b in [(dense, routed), (gain * dense, gain * routed)]
    ]
    slow, fast = (prompt_tokens_per_s(COST, rate, 8, 0) for rate in rates)
    assert 0.999 * slow <= fast <= 1.001 * gain * slow


def test_prefill_takes_longer_than_its_products():
    assert 1 / products_s(COST, RATES, 8, 100) > prompt_tokens_per_s(COST, RATES, 8, 100)


def test_a_dense_model_has_a_speed():
    cost = token_cost(described(TINY_DENSE))
    dense = attrs.evolve(STEP, expert_flops_per_s=0.0)
    rates = attrs.evolve(RATES, step=dense)
    assert decode_tokens_per_s(cost, rates, 0, 100) > 0
    assert prompt_tokens_per_s(cost, rates, 0, 100) > 0


def test_a_slower_measurement_changes_nothing():
    disturbed = attrs.evolve(RATES, stream_bytes_per_s=1e9, layer_s=1.0)
    assert best([disturbed, RATES]) == RATES
