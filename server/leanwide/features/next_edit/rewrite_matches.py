"""Where a rewrite fits other lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from leanwide.features.next_edit.proposal import LinePiece
from leanwide.features.next_edit.rewrites import Rewrite, blank_to_blank
from leanwide.features.next_edit.tokens import BRACKETS, CodeToken, texts

Place = tuple[int, int]
"""The first token of a part, and the one behind its last."""


def places(rewrite: Rewrite, tokens: Sequence[CodeToken]) -> Iterator[tuple[Place, ...]]:
    """Yield where the parts of a rewrite are among the tokens of a line, from left to right."""
    words = texts(tokens)
    at = 0
    while at < len(words):
        found = _places_from(rewrite, words, at)
        if found is not None:
            yield found
            at = found[0][1]
        else:
            at += 1


def pieces(
    rewrite: Rewrite, tokens: Sequence[CodeToken], where: Sequence[Place], line: str
) -> tuple[LinePiece, ...]:
    """Return the parts of a rewrite as pieces of ``line``, whose tokens are ``tokens``."""
    found = []
    for part, (first, last) in zip(rewrite.parts, where, strict=True):
        place = blank_to_blank(tokens, first, last)
        if place is not None:
            _, start, end = place
            low, high = tokens[first].column, tokens[last - 1].end
            left = line[start:low] if part.left is None else part.left
            right = line[high:end] if part.right is None else part.right
            found.append(LinePiece(start, end, f"{left}{part.text}{right}"))
    return tuple(found)


def _places_from(rewrite: Rewrite, words: tuple[str, ...], at: int) -> tuple[Place, ...] | None:
    found: list[Place] = []
    for part in rewrite.parts:
        start = _end_of_kept(words, at, part.old) if found else at
        if start is None or not part.old or words[start : start + len(part.old)] != part.old:
            return None
        at = start + len(part.old)
        found.append((start, at))
    return tuple(found)


def _end_of_kept(words: tuple[str, ...], start: int, then: tuple[str, ...]) -> int | None:
    """Return where ``then`` follows tokens from ``start`` on, all of whose brackets are closed."""
    depth = 0
    for at in range(start, len(words)):
        if depth == 0 and at > start and words[at : at + len(then)] == then:
            return at
        depth += BRACKETS.get(words[at], 0)
        if depth < 0:
            return None
    return None
