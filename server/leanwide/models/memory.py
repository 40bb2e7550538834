"""What a lane takes beside the weights, told from the model's header before it is opened. Pure."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from leanwide.models.gguf import GgufHeader

_PADDING: Final = 256
"""llama.cpp rounds the cells of a KV cache up to a multiple of this."""
_FLOAT: Final = 4
_INPUTS: Final = 32 << 10
"""Bytes for the numbers of tokens, positions and cells, and what llama.cpp rounds its sizes by."""


@frozen(kw_only=True)
class LaneShape:
    """What decides the memory of a lane."""

    context_tokens: int
    """Longest sequence."""
    sequences: int
    """How many of them the KV cache holds."""
    experts: int
    """Active experts per token; 0 for a dense model."""
    batch_tokens: int
    """Most prompt tokens in one step."""
    keeps_scores: bool = True
    """Attention keeps its scores, for every head; flash attention does not."""


@frozen(kw_only=True)
class LaneBytes:
    """Memory of a lane, in bytes."""

    kv: int
    """The KV cache, which is there from the start."""
    compute: int
    """Most of llama.cpp's buffers for intermediate results; the system lends them when used."""

    @property
    def total(self) -> int:
        """Both."""
        return self.kv + self.compute


def lane_bytes(header: GgufHeader, lane: LaneShape) -> LaneBytes:
    """Predict the memory of a lane, weights not counted.

    The compute buffer is as large as its largest moment. That is the output layer, or else one
    layer's attention, whose scores are kept for every head, or its experts: for both this is an
    upper bound.
    """
    asked = lane.context_tokens * lane.sequences
    cells = -(-asked // _PADDING) * _PADDING
    hidden = header.number("embedding_length")
    vocabulary = int(header.metadata.get("tokenizer.ggml.tokens.length", 0))
    expert = header.number("expert_feed_forward_length") or header.number("feed_forward_length")
    # Beside the logits: the last layer's output, the same normalised, and what it was added to.
    at_the_end = _FLOAT * (vocabulary + 3 * hidden)
    widest = 2 * max(hidden, expert) + expert
    scores = header.number("attention.head_count") if lane.keeps_scores else 0
    in_a_layer = _FLOAT * cells * (scores + 1) + _FLOAT * (
        4 * hidden + max(1, lane.experts) * widest
    )
    # llama.cpp plans for a step that gives every sequence the same number of tokens.
    tokens = -(-min(lane.batch_tokens, asked) // lane.sequences) * lane.sequences
    output = _FLOAT * vocabulary * lane.sequences
    return LaneBytes(
        kv=header.kv_bytes_per_token * cells,
        compute=tokens * max(at_the_end, in_a_layer) + output + _INPUTS,
    )
