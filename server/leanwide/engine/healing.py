"""Token healing: the answer continues a word that the cursor cut in the middle.

The last token of the prompt is taken back and the first tokens of the answer must spell its bytes
before they may say anything new. Method: "token healing" of Microsoft's guidance library.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

TokenIds = npt.NDArray[np.int32]


class PieceIndex:
    """Finds tokens by the bytes they start with."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        """Sort the vocabulary; ``pieces[token]`` are its bytes, empty for special tokens."""
        order = sorted(range(len(pieces)), key=pieces.__getitem__)
        self._sorted = [pieces[token] for token in order]
        self._ids = np.array(order, dtype=np.int32)

    def candidates(self, needed: bytes) -> TokenIds:
        """Give the tokens that spell ``needed`` or its beginning, shape (count,).

        They either start with all of ``needed`` or are the first part of it.
        """
        first = bisect_left(self._sorted, needed)
        last = bisect_left(self._sorted, _after(needed)) if needed else len(self._sorted)
        longer = self._ids[first:last]
        parts = (needed[:size] for size in range(1, len(needed)))
        shorter = [
            self._ids[bisect_left(self._sorted, part) : bisect_right(self._sorted, part)]
            for part in parts
        ]
        return np.concatenate([longer, *shorter])


def _after(prefix: bytes) -> bytes:
    """The smallest byte string that is larger than everything that starts with ``prefix``."""
    trimmed = prefix.rstrip(b"\xff")
    if not trimmed:
        return b"\xff" * 64
    return trimmed[:-1] + bytes([trimmed[-1] + 1])


class Healing:
    """The bytes that an answer still has to spell before it may go on."""

    def __init__(self, index: PieceIndex, needed: bytes) -> None:
        self._index = index
        self.needed = needed

    def choose(self, logits: npt.NDArray[np.float32]) -> int | None:
        """Give the likeliest token that fits; None where the vocabulary cannot spell the bytes."""
        candidates = self._index.candidates(self.needed)
        if candidates.size == 0:
            return None
        return int(candidates[int(np.argmax(logits[candidates]))])

    def accept(self, piece: bytes) -> bytes:
        """Take a chosen token's bytes; give what goes beyond the needed ones."""
        new = piece[len(self.needed) :]
        self.needed = self.needed[len(piece) :]
        return new
