"""Checkpoints of sequences that cannot be cut anywhere: their number and their bytes. Pure."""

from __future__ import annotations

from typing import Final

from leanwide.models.gguf_header import GgufHeader

_BYTES: Final = 64 << 20
"""For the checkpoints of one sequence. Small states get more of them."""
_FEWEST, _MOST = 4, 16
"""Checkpoints of a sequence. Four are the end of a prompt, the one before it, the line where the
user began to type, and the end of the text before that line."""


def most_checkpoints(state_bytes: int) -> int:
    """Return how many checkpoints of ``state_bytes`` bytes a sequence keeps."""
    return max(_FEWEST, min(_MOST, _BYTES // max(1, state_bytes)))


def checkpoint_bytes(header: GgufHeader, context_tokens: int) -> int:
    """Return the most bytes of a checkpoint; 0 where a model needs none.

    It holds the recurrent state, and the window of the layers that have one; here of all.
    """
    window = min(header.number("attention.sliding_window"), context_tokens)
    return header.state_bytes + window * header.kv_bytes_per_token
