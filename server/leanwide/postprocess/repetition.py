"""Loops: answers that repeat the same text again and again."""

from __future__ import annotations

import re
from typing import Final

from leanwide.postprocess.filter_context import FilterContext

_MAX_UNIT: Final = 512
"""Code points of the longest unit that is searched."""
_MIN_ROUNDS: Final = 4
"""Rounds of a loop at least."""
_MAX_RULER: Final = 120
"""Code points of the longest line of a ruler, and of the longest number."""
_MAX_RUN: Final = 40
"""Times that another character may be repeated in a row on purpose."""
_RULER_CHARACTERS: Final = frozenset(" \t\n-=#*_~+.,:|/\\<>^─━═│┄┈·•░▒▓█")
"""Characters of rulers, tables and pictures."""
_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
_NUMBER: Final = re.compile(r"\b0x[\da-f]+|\\x[\da-f]{2}|\\u[\da-f]{4}", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def loop_start(text: str) -> int | None:
    """Return how many code points of a text that ends in a loop to keep; None without a loop.

    One round is kept; nothing of a text that is all loop, or of a line that ends in a run of one
    character. The work is bounded, so that a growing text can be checked with every piece.
    """
    run = len(text) - len(text.rstrip(text[-1:]))
    if run > 1 and run > (_MAX_RULER if text[-1] in _RULER_CHARACTERS | _DIGITS else _MAX_RUN):
        return text.rfind("\n", 0, len(text) - run) + 1
    for size in range(max(2, run + 1), min(_MAX_UNIT, len(text) // _MIN_ROUNDS) + 1):
        if text[-1 - size] != text[-1]:
            continue
        if text[-(_MIN_ROUNDS - 1) * size :] != text[-_MIN_ROUNDS * size : -size]:
            continue
        start = _periodic_from(text, size)
        if len(text) - start >= size * _rounds(text[-size:]):
            return start + size if text[:start].strip() else 0
    return None


def without_loop(text: str, context: FilterContext) -> str:
    """Keep at most one round of a loop."""
    del context
    keep = loop_start(text)
    return text if keep is None else text[:keep]


def _periodic_from(text: str, size: int) -> int:
    """Return where the end begins in which each character equals the one ``size`` before."""
    unit, at = text[-size:], len(text) - size
    while text[max(0, at - size) : at] == unit:
        at -= size
    while at > 0 and text[at - 1] == text[at - 1 + size]:
        at -= 1
    return at


def _rounds(unit: str) -> int:
    """Return how many rounds make a loop: tables and rulers repeat, sentences do not."""
    letters = sum(map(len, _WORD.findall(_NUMBER.sub("", unit))))
    if not letters:
        return 32
    return _MIN_ROUNDS if letters >= (5 if "\n" in unit else 8) else 2 * _MIN_ROUNDS
