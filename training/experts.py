"""The mixture of experts: softmax over all, top-k, renormalise, SwiGLU experts."""

from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

ROUNDED: Final = 128
"""Rows by which the room of an expert grows on a CPU."""


@dataclass(frozen=True, slots=True)
class Routing:
    """What the router of one layer decided for a batch.

    `probability` is the mean softmax over tokens and `share` the part of all assignments that
    each expert got; both sum to 1 over the experts.
    """

    probability: Tensor
    share: Tensor

    def imbalance(self) -> Tensor:
        """Return the load-balance loss: 1 when even, the number of experts at worst."""
        return len(self.share) * (self.probability * self.share).sum()


class Experts(nn.Module):
    """SwiGLU experts whose number in use is an argument of every call."""

    def __init__(self, hidden: int, size: int, count: int) -> None:
        super().__init__()
        self.count = count
        self.router = nn.Linear(hidden, count, bias=False)
        self.gate_up = nn.Parameter(torch.randn(count, hidden, 2 * size) * hidden**-0.5)
        self.down = nn.Parameter(torch.zeros(count, size, hidden))
        nn.init.normal_(self.router.weight, std=hidden**-0.5)

    def forward(self, hidden: Tensor, active: int) -> tuple[Tensor, Routing]:
        """Mix the `active` best experts of each token."""
        flat = hidden.reshape(-1, hidden.shape[-1])
        probability = self.router(flat).float().softmax(dim=-1)
        weight, chosen = probability.topk(active, dim=-1)
        weight = (weight / weight.sum(dim=-1, keepdim=True)).to(flat.dtype)
        load = chosen.flatten().bincount(minlength=self.count)
        run = self._padded if hidden.device.type == "cpu" else self._grouped
        mixed = run(flat, chosen, load).view(len(flat), active, -1)
        result = (mixed * weight[:, :, None]).sum(dim=1)
        routing = Routing(probability.mean(dim=0), load / chosen.numel())
        return result.view_as(hidden), routing

    def _grouped(self, flat: Tensor, chosen: Tensor, load: Tensor) -> Tensor:
        """Run each expert on its own stretch of the sorted rows."""
        order = chosen.flatten().argsort(stable=True)
        rows = flat.index_select(0, order // chosen.shape[1])
        ends = load.cumsum(0).to(torch.int32)
        dtype = rows.dtype
        both = functional.grouped_mm(rows, self.gate_up.to(dtype), offs=ends)
        gate, up = both.chunk(2, dim=-1)
        made = functional.grouped_mm(functional.silu(gate) * up, self.down.to(dtype), offs=ends)
        return made.index_select(0, order.argsort())

    def _padded(self, flat: Tensor, chosen: Tensor, load: Tensor) -> Tensor:
        """Run all experts on equally many rows, of which some are empty.

        The number is rounded up to few different ones: a CPU's matrix product is compiled anew
        for every shape that it has not seen, which costs more than the empty rows.
        """
        room = -int(load.max()) // ROUNDED * -ROUNDED
        expert = chosen.flatten()
        order = expert.argsort(stable=True)
        first = (load.cumsum(0) - load)[expert[order]]
        within = torch.arange(len(order), device=flat.device) - first
        place = torch.empty_like(order).scatter_(0, order, expert[order] * room + within)
        rows = flat.repeat_interleave(chosen.shape[1], dim=0)
        padded = flat.new_zeros(self.count * room, flat.shape[1]).index_copy(0, place, rows)
        both = torch.bmm(padded.view(self.count, room, -1), self.gate_up.to(flat.dtype))
        gate, up = both.chunk(2, dim=-1)
        made = torch.bmm(functional.silu(gate) * up, self.down.to(flat.dtype))
        return made.flatten(0, 1).index_select(0, place)
