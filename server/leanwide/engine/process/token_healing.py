"""Token healing: the answer continues a word that the cursor cut in the middle.

The last tokens of the prompt are removed, and the first tokens of the answer must spell their bytes
before anything new. Method: "token healing" of Microsoft's guidance library, which removes one
token. But "retu" may be two tokens and "return" another one: both must go for the model to say it.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

_WORD: Final = re.compile(rb"[ \t]?[\w\x80-\xff]+")
"""A word, with the blank that vocabularies put in front."""
MAX_TAKEN_BACK: Final = 4
"""Tokens removed from the prompt; each may cost a decoding step to say again."""

_BLANKS: Final = b" \t"

TokenIds = npt.NDArray[np.int32]


class PieceIndex:
    """Finds tokens by the bytes they start with."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        """Sort the vocabulary; ``pieces[token]`` are its bytes, empty for special tokens."""
        order = sorted(range(len(pieces)), key=pieces.__getitem__)
        self._sorted = [pieces[token] for token in order]
        self._ids = np.array(order, dtype=np.int32)
        self.blanks = np.array(
            [len(piece) - len(piece.lstrip(_BLANKS)) for piece in pieces], dtype=np.int32
        )
        """Spaces and tabs that each token begins with, by token id."""

    def candidates(self, needed: bytes) -> TokenIds:
        """Return the tokens that begin with ``needed`` or are a beginning of it, shape (count,)."""
        first = bisect_left(self._sorted, needed)
        last = bisect_left(self._sorted, _upper_bound(needed)) if needed else len(self._sorted)
        longer = self._ids[first:last]
        parts = (needed[:size] for size in range(1, len(needed)))
        shorter = [
            self._ids[bisect_left(self._sorted, part) : bisect_right(self._sorted, part)]
            for part in parts
        ]
        return np.concatenate([longer, *shorter])

    def has_longer(self, start: bytes) -> bool:
        """Whether any token begins with ``start`` and is longer."""
        after = bisect_right(self._sorted, start)
        return after < len(self._sorted) and self._sorted[after].startswith(start)


def taken_back(pieces: Sequence[bytes], index: PieceIndex) -> int:
    """Return how many tokens at the end of a prompt may be the beginning of one longer token.

    Args:
        pieces: The bytes of the prompt's last tokens.
        index: The vocabulary.
    """
    for count in range(min(MAX_TAKEN_BACK, len(pieces)), 1, -1):
        word = b"".join(pieces[-count:])
        if all(pieces[-count:]) and _WORD.fullmatch(word) and index.has_longer(word):
            return count
    return 1


def _upper_bound(prefix: bytes) -> bytes:
    """Return the smallest byte string above everything that starts with ``prefix``."""
    trimmed = prefix.rstrip(b"\xff")
    if not trimmed:
        return b"\xff" * 64
    return trimmed[:-1] + bytes([trimmed[-1] + 1])


class Healing:
    """The bytes that an answer must spell before anything new.

    Where they are an indentation, or the blank before a word, the answer adds no more blanks.
    """

    def __init__(self, index: PieceIndex, needed: bytes) -> None:
        self._index = index
        self.needed = needed
        """Bytes that are still to be spelled."""
        self._in_blanks = bool(needed) and not needed.strip(_BLANKS)

    @property
    def constrains(self) -> bool:
        """Whether the next token must come from :meth:`choose`."""
        return bool(self.needed) or self._in_blanks

    def choose(self, logits: npt.NDArray[np.float32]) -> int | None:
        """Return the likeliest token that fits; None if the vocabulary cannot spell the bytes."""
        candidates = self._index.candidates(self.needed)
        if self._in_blanks:
            candidates = candidates[self._index.blanks[candidates] <= len(self.needed)]
        if candidates.size == 0:
            return None
        return int(candidates[int(np.argmax(logits[candidates]))])

    def accept(self, piece: bytes) -> bytes:
        """Add a chosen token's bytes; return those beyond the needed ones."""
        new = piece[len(self.needed) :]
        self.needed = self.needed[len(piece) :]
        self._in_blanks = self._in_blanks and not new
        return new
