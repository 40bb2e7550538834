"""Tensors of synthetic models: their names, sizes and types, and how their weights are drawn.

Data only, without gguf-py, so that a command can list shapes and their sizes without it.
"""

from __future__ import annotations

import enum
import math

import attrs
from attrs import frozen

TENSOR_ALIGNMENT = 32
"""Bytes. Each tensor of a GGUF file starts at a multiple of this."""


class Quant(enum.Enum):
    """A ggml quantisation type: weights per block and bytes per block."""

    Q4_K = (256, 144)
    Q6_K = (256, 210)
    Q8_0 = (32, 34)
    F16 = (1, 2)
    F32 = (1, 4)

    @property
    def block_weights(self) -> int:
        """Weights in a block; a row of a tensor is a whole number of blocks."""
        return self.value[0]

    @property
    def block_bytes(self) -> int:
        """Bytes in a block."""
        return self.value[1]


@frozen(kw_only=True)
class Tensor:
    """One tensor of the file."""

    name: str
    """As llama.cpp expects it."""
    dims: tuple[int, ...]
    """Weights along each axis, slowest first: the last one is the length of a row."""
    quant: Quant
    spread: float
    """Standard deviation of its weights around 0; 0 where all weights are ``level``."""
    level: float = 1.0
    """The value of all weights of a tensor without spread, such as a norm."""

    @property
    def weights(self) -> int:
        """Number of weights."""
        return math.prod(self.dims)

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return self.weights // self.quant.block_weights

    @property
    def bytes(self) -> int:
        """Bytes in the file, without the padding that follows."""
        return self.blocks * self.quant.block_bytes


def padded(size: int) -> int:
    """Return ``size`` in bytes, rounded up to where the next tensor may start."""
    return -(-size // TENSOR_ALIGNMENT) * TENSOR_ALIGNMENT


def norm(name: str, width: int, level: float = 1.0) -> Tensor:
    """Return the weights of a norm, all of them ``level``."""
    return constant(f"{name}.weight", (width,), level)


def constant(name: str, dims: tuple[int, ...], level: float) -> Tensor:
    """Return an F32 tensor whose weights are all ``level``."""
    return Tensor(name=name, dims=dims, quant=Quant.F32, spread=0.0, level=level)


def matrix(name: str, dims: tuple[int, ...], quant: Quant) -> Tensor:
    """Return a matrix that keeps the variance of its input."""
    return Tensor(name=f"{name}.weight", dims=dims, quant=quant, spread=1 / math.sqrt(dims[-1]))


def branch_end(name: str, dims: tuple[int, ...], quant: Quant, layers: int) -> Tensor:
    """Return a matrix that writes to the residual stream, with a smaller spread for more layers.

    So the token itself still matters in deep layers; otherwise all tokens would look alike there
    and be routed to the same few experts.
    """
    return attrs.evolve(matrix(name, dims, quant), spread=1 / math.sqrt(2 * layers * dims[-1]))
