"""Muon for matrices, Adam for the rest, both on the float32 masters of a model's weights."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

NEWTON_SCHULZ: Final = ((4.0848, -6.8946, 2.9270), (3.9505, -6.3029, 2.6377),
                        (3.7418, -5.5913, 2.3037), (2.8769, -3.1427, 1.2046))  # fmt: skip
"""Quintic coefficients of each iteration that turns a matrix into its nearest orthogonal one."""
ADAM_BETAS: Final = (0.9, 0.95)
ADAM_EPSILON: Final = 1e-10
MOMENTUM: Final = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """Peak learning rates by kind of parameter."""

    matrix: float
    embedding: float
    head: float
    other: float


@dataclass(slots=True)
class Slot:
    """One parameter with its float32 master and running averages."""

    name: str
    parameter: nn.Parameter
    master: Tensor
    rate: float
    first: Tensor
    second: Tensor | None


class Optimizer:
    """Steps every parameter; the schedule's factor comes with each call."""

    def __init__(self, model: nn.Module, masters: dict[str, Tensor], rates: Rates) -> None:
        self.slots = [
            _slot(name, parameter, masters[name], rates)
            for name, parameter in model.named_parameters()
        ]
        self.steps = 0

    @torch.no_grad()
    def step(self, factor: float) -> None:
        """Apply the gradients at ``factor`` of the peak rates, then clear them."""
        self.steps += 1
        for slot, update in self._updates():
            slot.master.add_(update, alpha=-slot.rate * factor)
            slot.parameter.copy_(slot.master)
            slot.parameter.grad = None

    def masters(self) -> dict[str, Tensor]:
        """Return the float32 weights by name."""
        return {slot.name: slot.master for slot in self.slots}

    def state(self) -> dict[str, Any]:
        """Return everything that a resumed run needs."""
        averages = {slot.name: (slot.first, slot.second) for slot in self.slots}
        return {"masters": self.masters(), "averages": averages, "steps": self.steps}

    @torch.no_grad()
    def restore(self, state: dict[str, Any]) -> None:
        """Continue from what ``state`` returned."""
        self.steps = state["steps"]
        for slot in self.slots:
            slot.master.copy_(state["masters"][slot.name])
            slot.parameter.copy_(slot.master)
            first, second = state["averages"][slot.name]
            slot.first.copy_(first)
            if slot.second is not None:
                slot.second.copy_(second)

    def _updates(self) -> Iterator[tuple[Slot, Tensor]]:
        """Yield the update, at rate 1, of each parameter that has a gradient."""
        matrices: dict[torch.Size, list[Slot]] = defaultdict(list)
        for slot in self.slots:
            if (gradient := slot.parameter.grad) is None:
                continue
            if slot.second is None:
                matrices[gradient.shape].append(slot)
            else:
                yield slot, self._adam(slot, slot.second, gradient)
        for alike in matrices.values():
            yield from zip(alike, _muon(alike), strict=True)

    def _adam(self, slot: Slot, second: Tensor, gradient: Tensor) -> Tensor:
        gradient = gradient.float()
        slot.first.lerp_(gradient, 1 - ADAM_BETAS[0])
        second.lerp_(gradient.square(), 1 - ADAM_BETAS[1])
        first = slot.first / (1 - ADAM_BETAS[0] ** self.steps)
        return first / ((second / (1 - ADAM_BETAS[1] ** self.steps)).sqrt() + ADAM_EPSILON)


def orthogonal(matrices: Tensor) -> Tensor:
    """Return, approximately, the nearest orthogonal matrix to each matrix of a batch."""
    tall = matrices.shape[-2] > matrices.shape[-1]
    x: Tensor = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) * 1.02 + 1e-7)
    for a, b, c in NEWTON_SCHULZ:
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.mT if tall else x


def _muon(slots: list[Slot]) -> Iterator[Tensor]:
    """Yield the update of each matrix; all have the same shape and are computed together."""
    blends = torch.stack([_blend(slot) for slot in slots])
    fused = slots[0].name.endswith("gate_up")
    pieces = blends.chunk(2, dim=-1) if fused else (blends,)  # each is orthogonalised on its own
    scale = max(1.0, _aspect(slots[0].name, pieces[0])) ** 0.5
    dtype = slots[0].parameter.dtype
    updates = [scale * orthogonal(piece.to(dtype)).float() for piece in pieces]
    return iter(torch.cat(updates, dim=-1))


def _blend(slot: Slot) -> Tensor:
    """Update a gradient's running average; return the Nesterov blend of the two."""
    assert slot.parameter.grad is not None
    gradient = slot.parameter.grad.float()
    slot.first.lerp_(gradient, 1 - MOMENTUM)
    return gradient.lerp(slot.first, MOMENTUM)


def _aspect(name: str, matrix: Tensor) -> float:
    """Return the ratio of outputs to inputs; expert tensors are stored inputs first."""
    rows, columns = matrix.shape[-2:]
    return columns / rows if ".experts." in name else rows / columns


def _slot(name: str, parameter: nn.Parameter, master: Tensor, rates: Rates) -> Slot:
    first = torch.zeros_like(master)
    if parameter.ndim >= 2 and name.startswith("blocks.") and "router" not in name:
        return Slot(name, parameter, master, rates.matrix, first, None)
    rate = {"embedding.weight": rates.embedding, "head.weight": rates.head}.get(name, rates.other)
    return Slot(name, parameter, master, rate, first, torch.zeros_like(master))
