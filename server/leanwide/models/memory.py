"""Predicts the memory of a lane, besides the weights, from the model's header. Pure."""

from __future__ import annotations

import enum
from typing import Final

from attrs import frozen

from leanwide.models.checkpoints import checkpoint_bytes, most_checkpoints
from leanwide.models.gguf_header import GgufHeader

_PADDING: Final = 256
"""llama.cpp rounds the cells of a KV cache up to a multiple of this."""
_FLOAT: Final = 4
DRAFT_ROWS: Final = 64
"""Most tokens of a step with drafted ones, after each of which there are logits."""
_INPUTS: Final = 32 << 10
"""Bytes for the ids of tokens, positions and cells, and for llama.cpp's rounding of sizes."""


class KvType(enum.StrEnum):
    """The type of the numbers in a KV cache."""

    F16 = "f16"
    Q8_0 = "q8_0"
    """A byte each, and a scale of two bytes for 32 of them."""

    def sized(self, f16_bytes: int) -> int:
        """Return the bytes of what takes ``f16_bytes`` as f16."""
        return f16_bytes * 34 // 64 if self is KvType.Q8_0 else f16_bytes


@frozen(kw_only=True)
class LaneShape:
    """What decides the memory of a lane."""

    context_tokens: int
    """Longest sequence."""
    sequences: int
    """Sequences in the KV cache."""
    experts: int
    """Active experts per token; 0 for a dense model."""
    batch_tokens: int
    """Most prompt tokens in one step."""
    keeps_scores: bool = True
    """Attention keeps its scores for every head; flash attention does not."""
    kv_type: KvType = KvType.F16


@frozen(kw_only=True)
class LaneBytes:
    """Memory of a lane, in bytes."""

    kv: int
    """The KV cache at its full size."""
    states: int
    """The recurrent states of its sequences, and all checkpoints; 0 for plain attention."""
    compute: int
    """Most of llama.cpp's buffers for intermediate results; the system provides them when used."""

    @property
    def total(self) -> int:
        """The sum of all."""
        return self.kv + self.states + self.compute


def lane_bytes(header: GgufHeader, lane: LaneShape) -> LaneBytes:
    """Return the predicted memory of a lane, besides the weights.

    The compute buffer has the size of its largest step: the output layer, or else one layer's
    attention, whose scores are kept for every head, or its experts. For the latter two this is an
    upper bound. Attention goes over the cells of one sequence. With a sliding window it goes over
    those of all, and the layers with one have a mask of their own.
    """
    wanted = lane.context_tokens * lane.sequences
    cells = attended = _padded(wanted)
    has_window = header.number("attention.sliding_window") > 0
    if not has_window:
        attended = _padded(lane.context_tokens)
        cells = attended * lane.sequences
    hidden = header.number("embedding_length")
    vocabulary = int(header.metadata.get("tokenizer.ggml.tokens.length", 0))
    expert = header.number("expert_feed_forward_length") or header.number("feed_forward_length")
    # Besides the logits: the last layer's output, the same normalised, and the residual.
    output_layer = _FLOAT * (vocabulary + 3 * hidden)
    widest = 2 * max(hidden, expert) + expert
    scores = header.number("attention.head_count") if lane.keeps_scores else 0
    masks = 2 if has_window else 1
    inner_layer = _FLOAT * attended * (scores + masks) + _FLOAT * (
        4 * hidden + max(1, lane.experts) * widest
    )
    # llama.cpp plans for a step with the same number of tokens of every sequence.
    tokens = -(-min(lane.batch_tokens, wanted) // lane.sequences) * lane.sequences
    logits = _FLOAT * vocabulary * max(lane.sequences, DRAFT_ROWS)
    checkpoint = checkpoint_bytes(header, lane.context_tokens)
    kept = checkpoint * most_checkpoints(checkpoint)
    return LaneBytes(
        kv=lane.kv_type.sized(header.kv_bytes_per_token * cells),
        states=(header.state_bytes + kept) * lane.sequences,
        compute=tokens * max(output_layer, inner_layer) + logits + _INPUTS,
    )


def _padded(cells: int) -> int:
    return -(-cells // _PADDING) * _PADDING
