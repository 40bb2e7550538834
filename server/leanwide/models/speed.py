"""How fast a model will be, from what a token costs and how fast the kernels are. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from leanwide.models.cost import TokenCost

STEP_MS: Final = 100.0
"""A short slice of a prompt takes about this long, so that who waits waits no longer …"""
SMALLEST_STEP: Final = 16
"""… but has as many tokens."""
_BESIDE_PRODUCTS: Final = 1.2
"""Norms, softmax, rotations and sums of experts take a fifth on top of a prompt's matrix products:
1.1 to 1.35 were measured on layers like those of a 30 B model (docs/performance.md)."""


@frozen(kw_only=True)
class StepRates:
    """What the kernels do in a step of a prompt, in floating-point operations per second."""

    tokens: int
    """Tokens of the step: the more there are, the better is what is read used."""
    dense_flops_per_s: float
    expert_flops_per_s: float
    """With as many active experts as the lane has; 0 for a dense model."""
    attention_flops_per_s: float
    """With the keys of the KV cache."""


@frozen(kw_only=True)
class Rates:
    """How fast this machine's kernels are on the matrices of one model and one expert count."""

    stream_bytes_per_s: float
    """Weights that come from memory, for one token."""
    attention_flops_per_s: float
    """With the keys of the KV cache, for one token."""
    layer_s: float
    """Seconds that a layer takes whatever it reads."""
    step: StepRates
    """In the longest step of a prompt."""


def best(rates: Sequence[Rates]) -> Rates:
    """Take the best of each figure: whatever else the machine did made a measurement worse only."""
    return Rates(
        stream_bytes_per_s=max(each.stream_bytes_per_s for each in rates),
        attention_flops_per_s=max(each.attention_flops_per_s for each in rates),
        layer_s=min(each.layer_s for each in rates),
        step=_best_step([each.step for each in rates]),
    )


def _best_step(steps: Sequence[StepRates]) -> StepRates:
    return StepRates(
        tokens=steps[0].tokens,
        dense_flops_per_s=max(step.dense_flops_per_s for step in steps),
        expert_flops_per_s=max(step.expert_flops_per_s for step in steps),
        attention_flops_per_s=max(step.attention_flops_per_s for step in steps),
    )


def decode_tokens_per_s(cost: TokenCost, rates: Rates, experts: int, context_tokens: int) -> float:
    """Tokens per second of an answer behind so many tokens."""
    weights = cost.decode_bytes(experts) / rates.stream_bytes_per_s
    cache = max(
        context_tokens * cost.kv_bytes / rates.stream_bytes_per_s,
        cost.attention_flops(context_tokens) / rates.attention_flops_per_s,
    )
    return 1 / (weights + cache + cost.layers * rates.layer_s)


def prompt_tokens_per_s(cost: TokenCost, rates: Rates, experts: int, context_tokens: int) -> float:
    """Tokens per second of a prompt behind so many tokens, while nobody disturbs its reading."""
    products = products_s(cost, rates, experts, context_tokens)
    waiting = cost.layers * rates.layer_s / rates.step.tokens
    return 1 / (products * _BESIDE_PRODUCTS + waiting)


def products_s(cost: TokenCost, rates: Rates, experts: int, context_tokens: int) -> float:
    """Seconds of a prompt's token in matrix products alone."""
    step = rates.step
    seconds = cost.fixed_flops() / step.dense_flops_per_s
    seconds += cost.attention_flops(context_tokens) / step.attention_flops_per_s
    if routed := cost.expert_flops(experts):
        seconds += routed / step.expert_flops_per_s
    return seconds
