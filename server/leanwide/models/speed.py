"""Predicts the speed of a model from the cost of a token and the speed of the kernels. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from leanwide.models.cost import TokenCost

STEP_MS: Final = 100.0
"""Milliseconds of a short prefill chunk: an urgent request waits no longer …"""
SMALLEST_STEP: Final = 16
"""… except for a chunk of this many tokens, the smallest."""
_OVERHEAD: Final = 1.2
"""Norms, softmax, rotations and sums of experts take a fifth on top of prefill's matrix products:
1.1 to 1.35 were measured on layers like those of a 30 B model (docs/measurements.md)."""


@frozen(kw_only=True)
class StepRates:
    """Floating-point operations per second of the kernels in a prefill step."""

    tokens: int
    """Tokens of the step: more tokens use the weights that are read better."""
    dense_flops_per_s: float
    expert_flops_per_s: float
    """With the lane's number of active experts; 0 for a dense model."""
    attention_flops_per_s: float
    """With the keys of the KV cache."""


@frozen(kw_only=True)
class Rates:
    """The speed of this machine's kernels on the matrices of one model with one expert count."""

    stream_bytes_per_s: float
    """Weights read from memory, for one token."""
    attention_flops_per_s: float
    """With the keys of the KV cache, for one token."""
    layer_s: float
    """Seconds of a layer that do not depend on what it reads."""
    step: StepRates
    """In the longest prefill step."""


def best(rates: Sequence[Rates]) -> Rates:
    """Return the best of each figure: other programs only make a measurement worse."""
    steps = [rate.step for rate in rates]
    return Rates(
        stream_bytes_per_s=max(rate.stream_bytes_per_s for rate in rates),
        attention_flops_per_s=max(rate.attention_flops_per_s for rate in rates),
        layer_s=min(rate.layer_s for rate in rates),
        step=StepRates(
            tokens=steps[0].tokens,
            dense_flops_per_s=max(step.dense_flops_per_s for step in steps),
            expert_flops_per_s=max(step.expert_flops_per_s for step in steps),
            attention_flops_per_s=max(step.attention_flops_per_s for step in steps),
        ),
    )


def decode_tokens_per_s(cost: TokenCost, rates: Rates, experts: int, context_tokens: int) -> float:
    """Return the tokens per second of an answer after ``context_tokens`` tokens."""
    weights = cost.decode_bytes(experts) / rates.stream_bytes_per_s
    cache = max(
        context_tokens * cost.kv_bytes / rates.stream_bytes_per_s,
        cost.attention_flops(context_tokens) / rates.attention_flops_per_s,
    )
    return 1 / (weights + cache + cost.layers * rates.layer_s)


def prompt_tokens_per_s(cost: TokenCost, rates: Rates, experts: int, context_tokens: int) -> float:
    """Return the tokens per second of an uninterrupted prefill after ``context_tokens`` tokens."""
    products = products_s(cost, rates, experts, context_tokens)
    waiting = cost.layers * rates.layer_s / rates.step.tokens
    return 1 / (products * _OVERHEAD + waiting)


def products_s(cost: TokenCost, rates: Rates, experts: int, context_tokens: int) -> float:
    """Return the seconds per prompt token in matrix products alone."""
    step = rates.step
    seconds = cost.fixed_flops() / step.dense_flops_per_s
    seconds += cost.attention_flops(context_tokens) / step.attention_flops_per_s
    if routed := cost.expert_flops(experts):
        seconds += routed / step.expert_flops_per_s
    return seconds
