"""Checkpoints of a sequence: what lets it be cut where llama.cpp alone cannot cut it. Pure.

A recurrent layer has one state for all tokens of a sequence, and a layer with a sliding window
keeps only the last tokens. Cutting such a sequence needs a copy of that part as it was.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from attrs import field, frozen

MIN_GAP: Final = 3
"""Tokens between two checkpoints: fewer are evaluated again sooner than a checkpoint is made, with
the break that it means for a chunk."""

_ON_A_PAGE: Final = 8
"""Checkpoints of a shared prefix, at equal distances: a branch evaluates at most this part of it
again."""


@frozen
class Checkpoint:
    """A part of a sequence's state as it was after its first tokens."""

    length: int
    """These tokens."""
    state: memoryview = field(repr=False, eq=False)
    """In llama.cpp's format; never changed."""


def reachable(length: int, cut_from: int, checkpoints: Sequence[int]) -> int:
    """Return the most tokens, ``length`` or fewer, that a sequence can be cut to.

    Args:
        length: Tokens to keep.
        cut_from: Where this many or more are kept, no checkpoint is needed.
        checkpoints: The lengths of the checkpoints, ascending.
    """
    if length >= cut_from:
        return length
    below = bisect_right(checkpoints, length)
    return checkpoints[below - 1] if below else 0


def thinned(checkpoints: Sequence[Checkpoint], most: int) -> list[Checkpoint]:
    """Return at most ``most`` of some checkpoints, ascending: the newest, and those far apart.

    Without the one that goes, least is evaluated again: the tokens since the one before it.
    """
    kept = list(checkpoints)
    while len(kept) > max(1, most):
        ends = [0, *(checkpoint.length for checkpoint in kept)]
        gaps = [end - before for before, end in pairwise(ends[:-1])]
        del kept[gaps.index(min(gaps))]
    return kept


def page_pauses(tokens: int) -> list[int]:
    """Return where the evaluation of a shared prefix pauses for a checkpoint, ascending.

    Prompts branch from any line of it.
    """
    return [*(tokens * number // _ON_A_PAGE for number in range(1, _ON_A_PAGE)), tokens - 1]


def prompt_pauses(tokens: int, markers: Sequence[int]) -> list[int]:
    """Return where the evaluation of a prompt pauses for a checkpoint, ascending.

    Later prompts keep it up to its last token, whose logits they need; up to the last marker, which
    what is typed follows; or up to the one before, which ends the text before the cursor.

    Args:
        tokens: Length of the prompt.
        markers: Positions of the last special tokens, the last one first.
    """
    return sorted({*markers[1:], *(at + 1 for at in markers[:1]), tokens - 1})


def next_pause(pauses: Sequence[int], done: int, newest: int) -> int | None:
    """Return the next pause for a checkpoint; None where there is none until the prompt's end.

    Args:
        pauses: Ascending.
        done: Tokens that are evaluated.
        newest: Length of the newest checkpoint.
    """
    return next((pause for pause in pauses if pause > done and pause - newest >= MIN_GAP), None)
