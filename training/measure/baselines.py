"""Two ways to complete without a neural model, to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

TOKEN_BITS = 13
ORDERS = (1, 2, 3, 4)
"""Tokens of context in the n-gram model, besides the empty context."""


def copied_line(earlier: str, typed: str) -> str:
    """Complete a line with the most similar earlier one.

    That is the one with the longest common beginning with the typed text, then with the most
    similar line above it, then the nearest.
    """
    lines = [line.strip() for line in earlier.split("\n")]
    start = typed.rpartition("\n")[2].lstrip()
    above = next((line for line in reversed(lines) if line), "")
    best, score = "", (-1, -1)
    for previous, line in zip(["", *lines], lines, strict=False):
        shared = (common(line, start), common(previous, above))
        if line and shared >= score:
            best, score = line, shared
    return best[min(len(start), len(best)) :]


def common(text: str, other: str) -> int:
    """Return the length of the common beginning of two texts."""
    pairs = enumerate(zip(text, other, strict=False))
    return next((n for n, (left, right) in pairs if left != right), min(len(text), len(other)))


@dataclass(frozen=True, slots=True)
class Counts:
    """Counts of (context, token) pairs of one order, sorted by key."""

    keys: np.ndarray
    counts: np.ndarray

    @classmethod
    def of(cls, tokens: np.ndarray, order: int) -> Self:
        """Count every run of ``order`` tokens with the one after it."""
        context = np.zeros(len(tokens) - order, dtype=np.uint64)
        for place in range(order):
            context = _push(context, tokens[place : len(tokens) - order + place])
        keys = (context << np.uint64(TOKEN_BITS)) | tokens[order:].astype(np.uint64)
        return cls(*np.unique(keys, return_counts=True))

    def after(self, context: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
        """Return the tokens seen after a context, and their counts."""
        key = np.zeros(1, dtype=np.uint64)
        for token in context:
            key = _push(key, np.array([token]))
        bounds = (int(key[0]) << TOKEN_BITS, (int(key[0]) + 1) << TOKEN_BITS)
        low, high = np.searchsorted(self.keys, np.array(bounds, dtype=np.uint64))
        tokens = (self.keys[low:high] & np.uint64((1 << TOKEN_BITS) - 1)).astype(np.int64)
        return tokens, self.counts[low:high]


def _push(context: np.ndarray, tokens: np.ndarray) -> np.ndarray:
    """Append a token to each context; 48 bits hold four tokens with next to no collisions."""
    mixed = context * np.uint64(1_000_003) + tokens.astype(np.uint64) + np.uint64(1)
    return (mixed ^ (mixed >> np.uint64(23))) & np.uint64((1 << 48) - 1)


class NGram:
    """An interpolated (Witten-Bell) 5-gram model over token ids."""

    def __init__(self, tokens: np.ndarray, vocabulary: int) -> None:
        unigrams = np.bincount(tokens, minlength=vocabulary) + 0.5
        self._base: np.ndarray = unigrams / unigrams.sum()
        self._orders = [(order, Counts.of(tokens, order)) for order in ORDERS]

    def probabilities(self, context: Sequence[int]) -> np.ndarray:
        """Return the probability of every next token."""
        result = self._base
        for order, counts in self._orders:
            if len(context) < order:
                break
            tokens, seen = counts.after(context[-order:])
            if len(tokens) == 0:
                break
            mixed = result * (len(tokens) / (seen.sum() + len(tokens)))
            mixed[tokens] += seen / (seen.sum() + len(tokens))
            result = mixed
        return result
