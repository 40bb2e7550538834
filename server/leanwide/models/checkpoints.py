"""How many checkpoints a sequence of a model without plain attention gets, and their bytes. Pure."""

from __future__ import annotations

from typing import Final

_BYTES: Final = 64 << 20
"""For the checkpoints of one sequence. Small states get more of them."""
_FEWEST, _MOST = 4, 16
"""Checkpoints of a sequence. Four are the end of a prompt, the one before it, the line where the
user began to type, and the end of the text before that line."""


def most_checkpoints(state_bytes: int) -> int:
    """Return how many checkpoints of ``state_bytes`` bytes a sequence keeps."""
    return max(_FEWEST, min(_MOST, _BYTES // max(1, state_bytes)))
