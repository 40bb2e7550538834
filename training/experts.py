"""The mixture of experts: softmax over all, top-k, renormalise, SwiGLU experts."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional


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
        weight = weight / weight.sum(dim=-1, keepdim=True)
        order = chosen.flatten().argsort(stable=True)
        load = chosen.flatten().bincount(minlength=self.count)
        token = order // active
        mixed = self._run(flat[token], load) * weight.flatten()[order, None].to(flat.dtype)
        result = torch.zeros_like(flat).index_add(0, token, mixed)
        routing = Routing(probability.mean(dim=0), load / order.numel())
        return result.view_as(hidden), routing

    def _run(self, sorted_rows: Tensor, load: Tensor) -> Tensor:
        """Run each expert on its own stretch of rows."""
        ends = load.cumsum(0).to(torch.int32)
        dtype = sorted_rows.dtype
        both = functional.grouped_mm(sorted_rows, self.gate_up.to(dtype), offs=ends)
        gate, up = both.chunk(2, dim=-1)
        return functional.grouped_mm(functional.silu(gate) * up, self.down.to(dtype), offs=ends)
