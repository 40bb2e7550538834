"""Which weights of a model are in GPU memory, and which in the machine's. Pure.

A token needs all of a layer but its experts, of which it needs a few. So a GPU that does not hold a
whole model gets the attention, norms and KV cache of every layer first; the experts of the first
layers stay in memory, mapped from the file, and the CPU computes them.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable
from typing import Final

from attrs import field, frozen

from leanwide.models.cost import EXPERTS, tensor_bytes
from leanwide.models.gguf_header import GgufHeader

_LAYER: Final = re.compile(r"blk\.(\d+)\.")
_EMBEDDING: Final = "token_embd.weight"
_OUTPUT: Final = "output.weight"


class AutoLayers(enum.StrEnum):
    """In place of a number of layers."""

    AUTO = "auto"
    """What the memory of the GPU allows."""


@frozen(kw_only=True)
class Placement:
    """Where the layers of a model are."""

    gpu_layers: int
    """Layers in GPU memory, the last ones; the output counts as one. Negative: all."""
    cpu_expert_layers: int
    """Layers, the first ones, whose experts stay in the machine's memory all the same."""


ON_CPU: Final = Placement(gpu_layers=0, cpu_expert_layers=0)


@frozen(kw_only=True)
class GpuRoom:
    """What must fit into GPU memory besides the weights, and how often they are there."""

    bytes: int
    """GPU memory that a model may take."""
    lanes_bytes: int
    """KV caches and buffers of all lanes, if every layer is on the GPU."""
    handles: int
    """Handles on the weights: each has its own copy of what is on the GPU."""


@frozen(kw_only=True)
class LayerBytes:
    """The bytes of a model's weights, by what decides where they are."""

    shared: tuple[int, ...] = field(repr=False)
    """Of each layer, without its experts."""
    experts: tuple[int, ...] = field(repr=False)
    """Of each layer's experts; zeros for a dense model."""
    output: int
    """Of the output layer: a copy of the embedding where the two are one."""

    def on_gpu(self, placement: Placement) -> int:
        """Return the bytes of a handle's weights in GPU memory."""
        layers = len(self.shared)
        count = layers + 1 if placement.gpu_layers < 0 else min(layers + 1, placement.gpu_layers)
        if count == 0:
            return 0
        first = layers + 1 - count
        with_experts = max(first, placement.cpu_expert_layers)
        return sum(self.shared[first:]) + sum(self.experts[with_experts:]) + self.output

    def is_whole(self, placement: Placement) -> bool:
        """Whether all layers are on a GPU with all their experts."""
        count = placement.gpu_layers
        return (count < 0 or count > len(self.shared)) and (
            placement.cpu_expert_layers == 0 or not any(self.experts)
        )


def layer_bytes(header: GgufHeader) -> LayerBytes:
    """Return the bytes of a model's layers, from its header.

    What belongs to no layer counts as the output, except for the embedding: it stays in memory.
    """
    sizes = tensor_bytes(header)
    shared = [0] * header.number("block_count")
    experts, output = shared.copy(), 0
    for name, size in sizes.items():
        match = _LAYER.match(name)
        if match is not None and int(match[1]) < len(shared):
            (experts if EXPERTS in name else shared)[int(match[1])] += size
        elif name != _EMBEDDING or _OUTPUT not in sizes:
            output += size
    return LayerBytes(shared=tuple(shared), experts=tuple(experts), output=output)


def candidates(
    layers: LayerBytes, gpu_layers: int | None, cpu_expert_layers: int | None
) -> list[Placement]:
    """Return placements on a GPU, the one with the most weights there first.

    Args:
        layers: The model.
        gpu_layers: As the user set it; None: any number.
        cpu_expert_layers: As the user set it; None: any number. Where a GPU holds no more than
            some layers without their experts, all experts are in memory.
    """
    count = len(layers.shared)
    most = count if any(layers.experts) else 0
    numbers = [count + 1] if gpu_layers is None else [gpu_layers]
    outside: Iterable[int] = range(most + 1) if cpu_expert_layers is None else (cpu_expert_layers,)
    found = [
        Placement(gpu_layers=number, cpu_expert_layers=experts)
        for number in numbers
        for experts in outside
    ]
    if gpu_layers is None:
        found += [
            Placement(gpu_layers=number, cpu_expert_layers=found[-1].cpu_expert_layers)
            for number in range(count, 0, -1)
        ]
    return found


def fits(layers: LayerBytes, placement: Placement, room: GpuRoom) -> bool:
    """Whether weights and lanes fit into GPU memory, where a lane is where the layers are."""
    lanes = float(room.lanes_bytes)
    if placement.gpu_layers >= 0:
        lanes *= min(1.0, placement.gpu_layers / max(1, len(layers.shared)))
    return room.handles * layers.on_gpu(placement) + lanes <= room.bytes
