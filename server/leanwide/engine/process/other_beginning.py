"""How an answer begins that must not begin with a given text: the likeliest other way. Pure.

The text is evaluated like a draft, so that the logits after each of its tokens are there. An answer
may leave the text after any of them; the likeliest one, with the tokens before, is chosen.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt
from attrs import frozen

Logits = npt.NDArray[np.float32]

_LIKELIEST: Final = 50
"""Tokens that are considered after each token of the text."""
_BLANKS: Final = b" \t"


@frozen(kw_only=True)
class AvoidedText:
    """A text that an answer must not begin with, tokenized with what token healing removed."""

    tokens: tuple[int, ...]
    pieces: tuple[bytes, ...]
    """The bytes of each token."""
    healed: bytes
    """What token healing removed from the prompt: every answer begins with it."""

    def left(self, count: int) -> bytes:
        """Return the bytes after the first ``count`` tokens."""
        return b"".join(self.pieces[count:])

    def needed(self, count: int) -> bytes:
        """Return the healed bytes after the first ``count`` tokens."""
        return self.healed[len(b"".join(self.pieces[:count])) :]


def other_beginning(
    text: AvoidedText,
    rows: Iterable[Logits],
    piece: Callable[[int], bytes],
    is_end: Callable[[int], bool],
) -> Sequence[int]:
    """Return the tokens with which the answer begins; none where it likelier ends at once.

    Args:
        text: What it does not begin with.
        rows: The logits before each token of the text, or before the first ones of them.
        piece: Returns the bytes of a token.
        is_end: Whether a token ends an answer.
    """
    best: Sequence[int] = ()
    most, so_far = -math.inf, 0.0
    for count, row in enumerate(rows):
        total = _log_sum(row)
        for token in _likeliest(row):
            likely = so_far + float(row[token]) - total
            if likely <= most:
                break
            if is_end(token) and count == 0:
                best, most = (), likely
            elif not is_end(token) and _leaves(piece(token), text.left(count), text.needed(count)):
                best, most = (*text.tokens[:count], token), likely
        so_far += float(row[text.tokens[count]]) - total
    return best


def _leaves(piece: bytes, text: bytes, needed: bytes) -> bool:
    """Whether a token's bytes are another beginning than a text, with the needed bytes."""
    if not piece.strip() or text.startswith(piece) or piece.startswith(text):
        return False
    more = piece[len(needed) :]
    is_indentation = needed != b"" and not needed.strip(_BLANKS)
    return piece.startswith(needed) and not (is_indentation and more[:1] in (b" ", b"\t"))


def _likeliest(row: Logits) -> Iterator[int]:
    """Yield the likeliest tokens in their order."""
    count = min(_LIKELIEST, len(row))
    tokens = np.argpartition(row, -count)[-count:]
    yield from tokens[np.argsort(-row[tokens])].tolist()


def _log_sum(row: Logits) -> float:
    """Return the logarithm of the sum of the exponentials."""
    values = row.astype(np.float64)
    largest = float(values.max())
    return largest + math.log(float(np.exp(values - largest).sum()))
