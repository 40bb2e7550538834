"""Greedy decoding with token healing, for anything that scores next tokens."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

import numpy as np

Step = Callable[[int | None], np.ndarray]
"""Takes the token just chosen (None at first) and returns a score for every next token."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """The generated tokens, and whether an end token followed them."""

    tokens: list[int]
    stopped: bool


def decode(
    step: Step, pieces: Sequence[bytes], ends: Collection[int], owed: bytes, most: int
) -> Decoded:
    """Choose the best token up to ``most`` times; the first ones must spell ``owed``."""
    tokens: list[int] = []
    scores = step(None)
    while len(tokens) < most:
        token = int(np.where(allowed(pieces, owed), scores, -np.inf).argmax())
        if token in ends:
            return Decoded(tokens, True)
        tokens.append(token)
        owed = owed[len(pieces[token]) :]
        scores = step(token)
    return Decoded(tokens, False)


def allowed(pieces: Sequence[bytes], owed: bytes) -> np.ndarray:
    """Return a mask of the tokens that agree with the bytes still owed."""
    if not owed:
        return np.ones(len(pieces), dtype=bool)
    fits = (p and (p.startswith(owed) or owed.startswith(p)) for p in pieces)
    return np.fromiter((bool(fit) for fit in fits), dtype=bool, count=len(pieces))


def text_after(pieces: Sequence[bytes], tokens: Sequence[int], owed: bytes) -> str:
    """Return the text of tokens without the bytes that were typed already."""
    data = b"".join(pieces[token] for token in tokens)[len(owed) :]
    return data.decode(errors="replace")
