"""The weighted cross entropy of many tokens, in slices that fit the processor's cache."""

from __future__ import annotations

from typing import Any, Final

import torch
from torch import Tensor, autograd

SLICE: Final = {"cpu": 512, "cuda": 16_384}
"""Tokens whose logits are in memory at a time, by kind of device: with a vocabulary of 8192 these
are 16 MB of float32, about the size of a processor's cache, or 512 MB, enough for a busy GPU."""


def cross_entropy(hidden: Tensor, head: Tensor, truth: Tensor, weights: Tensor) -> Tensor:
    """Return the weighted mean of the tokens' negative log likelihood, in nats.

    ``hidden`` is tokens by width, ``head`` vocabulary by width; gradients flow into both.
    """
    return _Sliced.apply(hidden, head, truth, weights / weights.sum())  # type: ignore[no-any-return, no-untyped-call]


class _Sliced(autograd.Function):
    """Computes the gradient in the forward pass, so that no slice's logits are computed twice."""

    @staticmethod
    def forward(
        context: Any, hidden: Tensor, head: Tensor, truth: Tensor, shares: Tensor
    ) -> Tensor:
        to_hidden = torch.empty_like(hidden)
        to_head = torch.zeros_like(head, dtype=torch.float32)
        total = torch.zeros((), device=hidden.device)
        size = SLICE[hidden.device.type]
        for first in range(0, len(hidden), size):
            part = slice(first, first + size)
            scores = torch.log_softmax((hidden[part] @ head.T).float(), dim=-1)
            place = truth[part, None]
            total -= (scores.gather(1, place)[:, 0] * shares[part]).sum()
            chance = scores.exp_().mul_(shares[part, None])
            chance.scatter_add_(1, place, -shares[part, None])
            slope = chance.to(hidden.dtype)
            to_hidden[part] = slope @ head
            to_head += slope.T @ hidden[part]
        context.save_for_backward(to_hidden, to_head.to(head.dtype))
        return total

    @staticmethod
    def backward(context: Any, slope: Tensor) -> tuple[Tensor, Tensor, None, None]:
        to_hidden, to_head = context.saved_tensors
        return to_hidden * slope.to(to_hidden.dtype), to_head * slope.to(to_head.dtype), None, None
