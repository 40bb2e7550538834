"""Shapes of synthetic models: the tensors of a model, with their sizes and types.

Data only, without gguf-py, so that a command can list shapes and their sizes without it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import attrs
from attrs import field, frozen

from leanwide_bench.synthetic.mixers import DeltaNet, Mamba2, Mixer, ShortConvolution
from leanwide_bench.synthetic.tensors import Quant, Tensor, branch_end, matrix, norm, padded

if TYPE_CHECKING:
    from collections.abc import Iterator

Architecture = Literal["qwen3moe", "qwen3", "lfm2", "granitehybrid", "qwen3next", "mellum"]
"""``qwen3moe`` has experts; ``qwen3`` is its dense sibling. ``lfm2``, ``granitehybrid`` and
``qwen3next`` are hybrids: most of their layers are recurrent. Most layers of ``mellum`` attend to
the last few tokens only."""
DENSE: tuple[Architecture, ...] = ("qwen3", "lfm2")
"""Those without experts."""

HEADER_BYTES_PER_TOKEN = 25
"""Bytes of a vocabulary entry in the header: its text, two length fields, its type."""


_OUTPUT_NORMS = {"lfm2": "token_embd_norm"}
_FEED_FORWARD_NORMS = {"qwen3next": "post_attention_norm"}
"""Names of norms by architecture, where they are not the usual ones."""


class SyntheticError(Exception):
    """A synthetic model cannot be made; the message is one sentence for the user."""


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
    mixer: Mixer | None = None
    """What mixes tokens in the layers without attention; None where all layers attend."""
    attention_every: int = 1
    """Every so many layers, the last one has attention."""
    shared_feed_forward: int = 0
    """Width of the expert that every token uses, in values; 0 where there is none."""
    window: int = 0
    """Tokens that three of four layers attend to; 0 where all layers attend to all."""
    focus: float = 1.0
    """Factor on attention's scores, without a unit. Where it is large, a token attends to one
    other token."""

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
        attending = sum(map(self.attends, range(self.layers)))
        return 2 * 2 * self.kv_heads * self.head_dim * attending

    @property
    def state_bytes(self) -> int:
        """Bytes of the recurrent state of one sequence."""
        if self.mixer is None:
            return 0
        recurrent = self.layers - sum(map(self.attends, range(self.layers)))
        return recurrent * self.mixer.state_bytes(self.hidden)

    def attends(self, layer: int) -> bool:
        """Whether a layer has attention."""
        return (layer + 1) % self.attention_every == 0


def tensors(shape: ModelShape) -> Iterator[Tensor]:
    """Yield all tensors of a model of this shape, in file order."""
    embedding = (shape.vocabulary, shape.hidden)
    yield Tensor(name="token_embd.weight", dims=embedding, quant=shape.matrices, spread=1.0)
    for layer in range(shape.layers):
        quant = shape.finer if _is_finer(layer, shape.layers) else shape.matrices
        prefix = f"blk.{layer}."
        yield norm(prefix + "attn_norm", shape.hidden)
        if shape.mixer is None or shape.attends(layer):
            yield from _attention(shape, prefix, quant)
        else:
            yield from shape.mixer.tensors(prefix, shape.hidden, shape.layers, shape.matrices)
        yield from _feed_forward(shape, prefix, quant)
    yield norm(_OUTPUT_NORMS.get(shape.architecture, "output_norm"), shape.hidden)
    yield matrix("output", embedding, shape.finer)


def _attention(shape: ModelShape, prefix: str, value_quant: Quant) -> Iterator[Tensor]:
    queries, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    gates = queries if shape.architecture == "qwen3next" else 0
    yield matrix(prefix + "attn_q", (queries + gates, shape.hidden), shape.matrices)
    yield matrix(prefix + "attn_k", (keys, shape.hidden), shape.matrices)
    yield matrix(prefix + "attn_v", (keys, shape.hidden), value_quant)
    yield branch_end(prefix + "attn_output", (shape.hidden, queries), shape.matrices, shape.layers)
    if shape.architecture != "granitehybrid":
        yield norm(prefix + "attn_q_norm", shape.head_dim, shape.focus**0.5)
        yield norm(prefix + "attn_k_norm", shape.head_dim, shape.focus**0.5)


def _feed_forward(shape: ModelShape, prefix: str, down_quant: Quant) -> Iterator[Tensor]:
    wide, narrow = (shape.feed_forward, shape.hidden), (shape.hidden, shape.feed_forward)
    yield norm(prefix + _FEED_FORWARD_NORMS.get(shape.architecture, "ffn_norm"), shape.hidden)
    suffix, lead = "", tuple[int, ...]()
    if shape.experts:
        yield matrix(prefix + "ffn_gate_inp", (shape.experts, shape.hidden), Quant.F32)
        suffix, lead = "_exps", (shape.experts,)
    yield matrix(f"{prefix}ffn_gate{suffix}", lead + wide, shape.matrices)
    yield matrix(f"{prefix}ffn_up{suffix}", lead + wide, shape.matrices)
    yield branch_end(f"{prefix}ffn_down{suffix}", lead + narrow, down_quant, shape.layers)
    if shape.shared_feed_forward:
        yield from _shared_expert(shape, prefix, down_quant)


def _shared_expert(shape: ModelShape, prefix: str, down_quant: Quant) -> Iterator[Tensor]:
    width, hidden = shape.shared_feed_forward, shape.hidden
    if shape.architecture == "qwen3next":
        yield matrix(prefix + "ffn_gate_inp_shexp", (hidden,), Quant.F32)
    yield matrix(prefix + "ffn_gate_shexp", (width, hidden), shape.matrices)
    yield matrix(prefix + "ffn_up_shexp", (width, hidden), shape.matrices)
    yield branch_end(prefix + "ffn_down_shexp", (hidden, width), down_quant, shape.layers)


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
    dense = shape.architecture in DENSE
    if dense and (shape.experts or shape.experts_used):
        yield "a dense model has no experts"
    if not dense and not 1 <= shape.experts_used <= shape.experts:
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

SMALL = attrs.evolve(
    TINY,
    layers=4,
    hidden=64,
    heads=2,
    kv_heads=1,
    head_dim=32,
    experts_used=2,
    feed_forward=64,
    matrices=Quant.Q8_0,
    finer=Quant.Q8_0,
)
"""A few hundred kilobytes, for tests that evaluate many tokens."""

SMALL_DENSE = attrs.evolve(SMALL, architecture="qwen3", experts=0, experts_used=0, feed_forward=128)
"""The same without experts."""

SMALL_LFM2 = attrs.evolve(
    SMALL_DENSE, architecture="lfm2", mixer=ShortConvolution(), attention_every=2
)
"""LFM2's shape: attention and short convolutions."""

SMALL_GRANITE = attrs.evolve(
    SMALL,
    architecture="granitehybrid",
    mixer=Mamba2(state=16, heads=4),
    attention_every=2,
    shared_feed_forward=64,
)
"""The shape of Granite's hybrids: attention, Mamba-2, and experts."""

SMALL_QWEN3_NEXT = attrs.evolve(
    SMALL,
    architecture="qwen3next",
    mixer=DeltaNet(head_dim=32, key_heads=1, value_heads=2),
    attention_every=4,
    shared_feed_forward=64,
)
"""Qwen3-Next's shape: attention, gated delta nets, and experts."""

SMALL_MELLUM = attrs.evolve(SMALL, architecture="mellum", window=32)
"""Mellum 2's shape: three of four layers attend to a window, with experts."""

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
    "small": SMALL,
    "small-dense": SMALL_DENSE,
    "small-lfm2": SMALL_LFM2,
    "small-granite": SMALL_GRANITE,
    "small-qwen3-next": SMALL_QWEN3_NEXT,
    "small-mellum": SMALL_MELLUM,
    "1b": ONE_BILLION,
    "30b-a3b": THIRTY_BILLION,
}
"""Shapes by the name that the command line knows."""
