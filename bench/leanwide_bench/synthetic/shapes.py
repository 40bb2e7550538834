"""Shapes of synthetic models: the tensors of a model, with their sizes and types.

Data only, without gguf-py, so that a command can list shapes and their sizes without it.
"""

from __future__ import annotations

import enum
import math
from typing import TYPE_CHECKING, Literal

import attrs
from attrs import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

Architecture = Literal["qwen3moe", "qwen3"]
"""``qwen3moe`` has experts; ``qwen3`` is its dense sibling."""

TENSOR_ALIGNMENT = 32
"""Bytes. Each tensor of a GGUF file starts at a multiple of this."""

HEADER_BYTES_PER_TOKEN = 25
"""Bytes of a vocabulary entry in the header: its text, two length fields, its type."""


class SyntheticError(Exception):
    """A synthetic model cannot be made; the message is one sentence for the user."""


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
    """Standard deviation of its weights around 0; 0 for a norm, whose weights are all 1."""

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


@frozen(kw_only=True)
class ModelShape:
    """Everything about a model that decides its size and speed."""

    architecture: Architecture
    """The graph that llama.cpp builds."""
    layers: int
    """Transformer blocks."""
    hidden: int
    """Width of the residual stream, in values."""
    heads: int
    """Query heads per layer."""
    kv_heads: int
    """Key and value heads per layer; divides ``heads``."""
    head_dim: int
    """Values per head."""
    experts: int
    """Experts per layer; 0 when dense."""
    experts_used: int
    """Active experts per token, as written in the file; 0 when dense."""
    feed_forward: int
    """Width of one expert, or of the one feed-forward block when dense, in values."""
    vocabulary: int
    """Tokens."""
    context: int
    """Trained context, in tokens."""
    matrices: Quant
    """Type of the matrices; norms and the router are F32."""
    finer: Quant
    """Type of the output matrix, and in half of the layers of attn_v and ffn_down."""
    rope_base: float = field(default=1_000_000.0)
    """Base of the rotary embedding's frequencies, without a unit."""

    def __attrs_post_init__(self) -> None:
        for problem in _problems(self):
            raise SyntheticError(f"this shape cannot be built: {problem}")

    @property
    def weights(self) -> int:
        """Number of weights of the whole model."""
        return sum(tensor.weights for tensor in tensors(self))

    @property
    def weight_bytes(self) -> int:
        """Bytes of all tensors in the file, with their padding."""
        return sum(padded(tensor.bytes) for tensor in tensors(self))

    @property
    def file_bytes(self) -> int:
        """Predicted bytes of the whole file; the header's share is an estimate."""
        return self.weight_bytes + self.vocabulary * HEADER_BYTES_PER_TOKEN

    @property
    def kv_bytes_per_token(self) -> int:
        """Bytes of an F16 KV cache per token of context."""
        return 2 * 2 * self.kv_heads * self.head_dim * self.layers


def padded(size: int) -> int:
    """Return ``size`` in bytes, rounded up to where the next tensor may start."""
    return -(-size // TENSOR_ALIGNMENT) * TENSOR_ALIGNMENT


def tensors(shape: ModelShape) -> Iterator[Tensor]:
    """Yield all tensors of a model of this shape, in file order."""
    embedding = (shape.vocabulary, shape.hidden)
    yield Tensor(name="token_embd.weight", dims=embedding, quant=shape.matrices, spread=1.0)
    for layer in range(shape.layers):
        quant = shape.finer if _is_finer(layer, shape.layers) else shape.matrices
        yield from _attention(shape, f"blk.{layer}.", quant)
        yield from _feed_forward(shape, f"blk.{layer}.", quant)
    yield _norm("output_norm", shape.hidden)
    yield _matrix("output", embedding, shape.finer)


def _attention(shape: ModelShape, prefix: str, value_quant: Quant) -> Iterator[Tensor]:
    queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    yield _norm(prefix + "attn_norm", shape.hidden)
    yield _matrix(prefix + "attn_q", (queries, shape.hidden), shape.matrices)
    yield _matrix(prefix + "attn_k", (keys, shape.hidden), shape.matrices)
    yield _matrix(prefix + "attn_v", (keys, shape.hidden), value_quant)
    yield _branch_end(prefix + "attn_output", (shape.hidden, queries), shape.matrices, shape.layers)
    yield _norm(prefix + "attn_q_norm", shape.head_dim)
    yield _norm(prefix + "attn_k_norm", shape.head_dim)


def _feed_forward(shape: ModelShape, prefix: str, down_quant: Quant) -> Iterator[Tensor]:
    wide, narrow = (shape.feed_forward, shape.hidden), (shape.hidden, shape.feed_forward)
    yield _norm(prefix + "ffn_norm", shape.hidden)
    suffix, lead = "", tuple[int, ...]()
    if shape.experts:
        yield _matrix(prefix + "ffn_gate_inp", (shape.experts, shape.hidden), Quant.F32)
        suffix, lead = "_exps", (shape.experts,)
    yield _matrix(f"{prefix}ffn_gate{suffix}", lead + wide, shape.matrices)
    yield _matrix(f"{prefix}ffn_up{suffix}", lead + wide, shape.matrices)
    yield _branch_end(f"{prefix}ffn_down{suffix}", lead + narrow, down_quant, shape.layers)


def _norm(name: str, width: int) -> Tensor:
    return Tensor(name=f"{name}.weight", dims=(width,), quant=Quant.F32, spread=0.0)


def _matrix(name: str, dims: tuple[int, ...], quant: Quant) -> Tensor:
    """Return a matrix that keeps the variance of its input."""
    return Tensor(name=f"{name}.weight", dims=dims, quant=quant, spread=1 / math.sqrt(dims[-1]))


def _branch_end(name: str, dims: tuple[int, ...], quant: Quant, layers: int) -> Tensor:
    """Return a matrix that writes to the residual stream, with a smaller spread for more layers.

    So the token itself still matters in deep layers; otherwise all tokens would look alike there
    and be routed to the same few experts.
    """
    return attrs.evolve(_matrix(name, dims, quant), spread=1 / math.sqrt(2 * layers * dims[-1]))


def _is_finer(layer: int, layers: int) -> bool:
    """Whether Q4_K_M stores attn_v and ffn_down of this layer in the finer type."""
    eighth = layers // 8
    return layer < eighth or layer >= layers - eighth or (layer - eighth) % 3 == 2


def _problems(shape: ModelShape) -> Iterator[str]:
    sizes = ("layers", "hidden", "heads", "kv_heads", "head_dim", "feed_forward", "vocabulary")
    for name in (*sizes, "context"):
        if getattr(shape, name) < 1:
            yield f"{name} is below 1"
            return
    if shape.heads % shape.kv_heads:
        yield f"{shape.kv_heads} kv heads do not divide {shape.heads} heads"
    if shape.architecture == "qwen3" and (shape.experts or shape.experts_used):
        yield "a dense model has no experts"
    if shape.architecture == "qwen3moe" and not 1 <= shape.experts_used <= shape.experts:
        yield f"experts_used is {shape.experts_used}, outside 1..{shape.experts}"
    for tensor in tensors(shape):
        if tensor.dims[-1] % tensor.quant.block_weights:
            row, block = tensor.dims[-1], tensor.quant.block_weights
            yield f"{tensor.name} has rows of {row}, not a multiple of {block}"


TINY = ModelShape(
    architecture="qwen3moe",
    layers=3,
    hidden=256,
    heads=4,
    kv_heads=2,
    head_dim=64,
    experts=8,
    experts_used=4,
    feed_forward=256,
    vocabulary=1024,
    context=4096,
    matrices=Quant.Q4_K,
    finer=Quant.Q6_K,
)
"""A few megabytes, for tests."""

TINY_DENSE = attrs.evolve(TINY, architecture="qwen3", experts=0, experts_used=0, feed_forward=512)
"""The same without experts, for tests."""

ONE_BILLION = ModelShape(
    architecture="qwen3moe",
    layers=16,
    hidden=1024,
    heads=16,
    kv_heads=4,
    head_dim=128,
    experts=64,
    experts_used=8,
    feed_forward=256,
    vocabulary=32768,
    context=32768,
    matrices=Quant.Q4_K,
    finer=Quant.Q6_K,
)
"""About a billion weights: big enough to time, small enough for any machine."""

THIRTY_BILLION = ModelShape(
    architecture="qwen3moe",
    layers=48,
    hidden=2048,
    heads=32,
    kv_heads=4,
    head_dim=128,
    experts=128,
    experts_used=8,
    feed_forward=768,
    vocabulary=151936,
    context=262144,
    matrices=Quant.Q4_K,
    finer=Quant.Q6_K,
)
"""Qwen3-30B-A3B at Q4_K_M, tensor for tensor."""

SHAPES: dict[str, ModelShape] = {
    "tiny": TINY,
    "tiny-dense": TINY_DENSE,
    "1b": ONE_BILLION,
    "30b-a3b": THIRTY_BILLION,
}
"""Shapes by the name that the command line knows."""
