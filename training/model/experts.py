"""The mixture of experts: softmax over all, top-k, renormalise, SwiGLU experts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

ROUNDED: Final = 128
"""Rows of an expert are padded to a multiple of this on a CPU."""


@dataclass(frozen=True, slots=True)
class Routing:
    """The routing of one layer for a batch.

    ``probability`` is the mean softmax over tokens and ``share`` the share of all assignments of
    each expert; both sum to 1 over the experts.
    """

    probability: Tensor
    share: Tensor

    def imbalance(self) -> Tensor:
        """Return the load-balance loss: 1 if even, the number of experts at worst."""
        return len(self.share) * (self.probability * self.share).sum()


class Experts(nn.Module):
    """SwiGLU experts; the number of active ones is an argument of every call."""

    def __init__(self, hidden: int, size: int, count: int) -> None:
        super().__init__()
        self.count = count
        self.router = nn.Linear(hidden, count, bias=False)
        self.gate_up = nn.Parameter(torch.randn(count, hidden, 2 * size) * hidden**-0.5)
        self.down = nn.Parameter(torch.zeros(count, size, hidden))
        nn.init.normal_(self.router.weight, std=hidden**-0.5)

    def forward(self, hidden: Tensor, active: int) -> tuple[Tensor, Routing]:
        """Return the weighted sum of the ``active`` best experts of each token, and the routing."""
        flat = hidden.reshape(-1, hidden.shape[-1])
        probability = self.router(flat).float().softmax(dim=-1)
        weight, chosen = probability.topk(active, dim=-1)
        weight = weight / weight.sum(dim=-1, keepdim=True)
        if hidden.device.type == "cpu":
            mixed = self.on_their_rows(flat, chosen, weight)
        else:
            shares = torch.zeros_like(probability).scatter(1, chosen, weight)
            mixed = self.on_all_rows(flat, shares)
        load = torch.zeros_like(probability).scatter(1, chosen, 1.0).sum(dim=0)
        return mixed.view_as(hidden), Routing(probability.mean(dim=0), load / chosen.numel())

    def on_all_rows(self, flat: Tensor, shares: Tensor) -> Tensor:
        """Run all experts on all rows; ``shares``, rows by experts, is 0 for experts not chosen.

        On a GPU these few large products are faster than sorting the rows by expert.
        """
        both = flat @ self.gate_up.to(flat.dtype).transpose(0, 1).flatten(1)
        gate, up = both.view(len(flat), self.count, -1).chunk(2, dim=-1)
        made = functional.silu(gate) * up * shares[:, :, None].to(flat.dtype)
        mixed: Tensor = made.flatten(1) @ self.down.to(flat.dtype).flatten(0, 1)
        return mixed

    def on_their_rows(self, flat: Tensor, chosen: Tensor, weight: Tensor) -> Tensor:
        """Run each expert on the rows that chose it, padded to the same number of rows for all.

        ``chosen`` and ``weight`` are rows by active experts. The number is rounded up, so that
        there are few shapes: a CPU's matrix product is compiled again for each new shape, which
        costs more than the padding.
        """
        expert = chosen.flatten()
        load = expert.bincount(minlength=self.count)
        room = -int(load.max()) // ROUNDED * -ROUNDED
        order = expert.argsort(stable=True)
        first = (load.cumsum(0) - load)[expert[order]]
        within = torch.arange(len(order), device=flat.device) - first
        place = torch.empty_like(order).scatter_(0, order, expert[order] * room + within)
        rows = flat.repeat_interleave(chosen.shape[1], dim=0)
        padded = flat.new_zeros(self.count * room, flat.shape[1]).index_copy(0, place, rows)
        both = torch.bmm(padded.view(self.count, room, -1), self.gate_up.to(flat.dtype))
        gate, up = both.chunk(2, dim=-1)
        made = torch.bmm(functional.silu(gate) * up, self.down.to(flat.dtype))
        mixed = made.flatten(0, 1).index_select(0, place).view(*chosen.shape, -1)
        return (mixed * weight[:, :, None].to(flat.dtype)).sum(dim=1)
