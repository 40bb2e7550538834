"""How fast a model will be, as far as that is arithmetic; tests/benchmarks compares it."""

from __future__ import annotations

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.lab.synthetic.shapes import THIRTY_BILLION, TINY_DENSE
from leanwide.models.cost import token_cost
from leanwide.models.speed import (
    SMALLEST_STEP,
    Rates,
    StepRates,
    best,
    decode_tokens_per_s,
    prompt_tokens_per_s,
)

from .test_cost import described

COST = token_cost(described(THIRTY_BILLION))
STEP = StepRates(
    tokens=128, dense_flops_per_s=190e9, expert_flops_per_s=85e9, attention_flops_per_s=60e9
)
RATES = Rates(
    stream_bytes_per_s=19e9,
    attention_flops_per_s=60e9,
    layer_s=0.0,
    small=attrs.evolve(STEP, tokens=SMALLEST_STEP),
    large=STEP,
)


@pytest.mark.parametrize(("experts", "measured"), [(2, 16.8), (4, 13.4), (8, 9.9)])
def test_the_memory_bounds_decoding(experts, measured):
    """A model of 30 B on a machine that reads 19 GB/s, decoding what was measured there."""
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
def test_a_prompt_takes_steps_between_the_smallest_and_the_largest(small, large, gain):
    """Larger steps are never slower for each token, so the speed is between that of both ends."""
    slow = attrs.evolve(
        STEP, tokens=SMALLEST_STEP, dense_flops_per_s=small, expert_flops_per_s=large
    )
    fast = attrs.evolve(STEP, dense_flops_per_s=gain * small, expert_flops_per_s=gain * large)
    ends = [attrs.evolve(RATES, small=each, large=each) for each in (slow, fast)]
    least, most = (prompt_tokens_per_s(COST, end, 8, 100) for end in ends)
    between = prompt_tokens_per_s(COST, attrs.evolve(RATES, small=slow, large=fast), 8, 100)
    assert 0.999 * least <= between <= 1.001 * most


def test_a_dense_model_has_a_speed():
    cost = token_cost(described(TINY_DENSE))
    dense = attrs.evolve(STEP, expert_flops_per_s=0.0)
    rates = attrs.evolve(RATES, small=attrs.evolve(dense, tokens=16), large=dense)
    assert decode_tokens_per_s(cost, rates, 0, 100) > 0
    assert prompt_tokens_per_s(cost, rates, 0, 100) > 0


def test_a_disturbed_measurement_changes_nothing():
    disturbed = attrs.evolve(RATES, stream_bytes_per_s=1e9, layer_s=1.0)
    assert best([disturbed, RATES]) == RATES
