"""Adds experts to a trained model: copies, which its routers choose rarely until they have learned.

    python -m training.model.upcycle --model FILE.gguf --experts 32 --to training/out/origin.pt

After "Sparse Upcycling" (arXiv 2212.05055). The router's row of a copy is that of its original,
with a constant taken from its score: so the old experts still do the work right after, at every
number of active ones, and the load-balance loss brings the copies into use. A linear router has no
constant; it is taken along a direction in which all states of the layer are nearly equal.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from training.model import graft, origin
from training.model.experts import Experts
from training.model.qwen3moe import Block, Model

EXPERTS: Final = 32
"""33 MB at Q8_0 in the shape of the packaged model; the speed stays the same."""
MARGIN: Final = 3.0
"""How much lower a router scores a copy than its original."""
NOISE: Final = 0.02
"""Relative change of a copy's weights, so that no two experts are the same."""


def upcycled(model: Model, rows: Tensor, experts: int) -> Model:
    """Return a copy of ``model`` with ``experts`` experts in each layer.

    ``rows`` are tokens whose hidden states are used.
    """
    larger = Model(replace(model.shape, experts=experts))
    kept = {name: w for name, w in model.state_dict().items() if ".experts." not in name}
    larger.load_state_dict(kept, strict=False)
    states = states_before_experts(model, rows)
    for old, new, seen in zip(model.blocks, larger.blocks, states, strict=True):
        assert isinstance(old, Block)
        assert isinstance(new, Block)
        _fill(old.experts, new.experts, seen)
    return larger


def states_before_experts(model: Model, rows: Tensor) -> list[Tensor]:
    """Return what each layer's router gets for ``rows``, one state per row."""
    seen: list[Tensor] = []

    def keep(_module: nn.Module, given: tuple[Tensor, ...]) -> None:
        seen.append(given[0].flatten(0, 1))

    hooks = [
        block.get_submodule("experts").register_forward_pre_hook(keep) for block in model.blocks
    ]
    with torch.no_grad():
        model(rows, [model.shape.nominal_experts] * model.shape.layers)
    for hook in hooks:
        hook.remove()
    return seen


@torch.no_grad()
def _fill(old: Experts, new: Experts, states: Tensor) -> None:
    """Copy the experts of a layer over and over until there are enough."""
    source = torch.arange(new.count) % old.count
    is_copy = torch.arange(new.count) >= old.count
    constant = graft.solved(states, torch.ones(len(states), 1))[:, 0]
    new.router.weight.copy_(old.router.weight[source] - MARGIN * torch.outer(is_copy, constant))
    for weights, copied in ((old.gate_up, new.gate_up), (old.down, new.down)):
        noise = NOISE * weights.std() * torch.randn_like(copied)
        copied.copy_(weights[source] + is_copy[:, None, None] * noise)


def main() -> None:
    """Add experts to a GGUF or to a file of such a step; write shape and weights."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--data", type=Path, default=Path("training/out"))
    parser.add_argument("--experts", type=int, default=EXPERTS)
    parser.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    torch.manual_seed(1)
    model = origin.model_of(given.model)
    origin.write(upcycled(model, graft.sample_rows(given.data), given.experts), given.to)


if __name__ == "__main__":
    main()
