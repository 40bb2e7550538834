"""Token healing: the answer continues a word that the cursor cut in the middle.

The last tokens of the prompt are taken back, and the first tokens of the answer must spell their
bytes before they may say anything new. Method: "token healing" of Microsoft's guidance library,
which takes one token back. "retu" may be two tokens, though, and "return" another one: it takes
both for the model to say it.
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
MOST_TAKEN: Final = 4
"""Tokens that are taken back; each may cost a step to say again."""

_BLANK: Final = b" \t"

TokenIds = npt.NDArray[np.int32]


class PieceIndex:
    """Finds tokens by the bytes they start with."""

    def __init__(self, pieces: Sequence[bytes]) -> None:
        """Sort the vocabulary; ``pieces[token]`` are its bytes, empty for special tokens."""
        order = sorted(range(len(pieces)), key=pieces.__getitem__)
        self._sorted = [pieces[token] for token in order]
        self._ids = np.array(order, dtype=np.int32)
        self.blanks = np.array([_blanks(piece) for piece in pieces], dtype=np.int32)
        """Spaces and tabs that each token begins with, by its number."""

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

    def goes_on(self, start: bytes) -> bool:
        """Whether any token spells ``start`` and more."""
        behind = bisect_right(self._sorted, start)
        return behind < len(self._sorted) and self._sorted[behind].startswith(start)


def taken_back(pieces: Sequence[bytes], index: PieceIndex) -> int:
    """Give the number of tokens at the end of a prompt that may be the beginning of another one.

    Args:
        pieces: The bytes of the prompt's last tokens.
        index: The vocabulary.
    """
    for count in range(min(MOST_TAKEN, len(pieces)), 1, -1):
        word = b"".join(pieces[-count:])
        if all(pieces[-count:]) and _WORD.fullmatch(word) and index.goes_on(word):
            return count
    return 1


def _blanks(piece: bytes) -> int:
    return len(piece) - len(piece.lstrip(_BLANK))


def _after(prefix: bytes) -> bytes:
    """The smallest byte string that is larger than everything that starts with ``prefix``."""
    trimmed = prefix.rstrip(b"\xff")
    if not trimmed:
        return b"\xff" * 64
    return trimmed[:-1] + bytes([trimmed[-1] + 1])


class Healing:
    """The bytes that an answer still has to spell before it may go on.

    Where they are an indentation, or the blank before a word, the answer adds no more blanks to it.
    """

    def __init__(self, index: PieceIndex, needed: bytes) -> None:
        self._index = index
        self._needed = needed
        self._in_blanks = bool(needed) and not needed.strip(_BLANK)

    @property
    def constrains(self) -> bool:
        """Whether the next token has to fit."""
        return bool(self._needed) or self._in_blanks

    def choose(self, logits: npt.NDArray[np.float32]) -> int | None:
        """Give the likeliest token that fits; None where the vocabulary cannot spell the bytes."""
        candidates = self._index.candidates(self._needed)
        if self._in_blanks:
            candidates = candidates[self._index.blanks[candidates] <= len(self._needed)]
        if candidates.size == 0:
            return None
        return int(candidates[int(np.argmax(logits[candidates]))])

    def accept(self, piece: bytes) -> bytes:
        """Take a chosen token's bytes; give what goes beyond the needed ones."""
        new = piece[len(self._needed) :]
        self._needed = self._needed[len(piece) :]
        self._in_blanks = self._in_blanks and not new
        return new
