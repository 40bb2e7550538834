"""A model that says the same thing again and again is stopped."""

from __future__ import annotations

import re
from typing import Final

from leanwide.postprocess.filter_context import FilterContext

_MAX_UNIT: Final = 512
"""Longest unit that is looked for, in code points."""
_MIN_ROUNDS: Final = 4
"""Nothing is a loop with fewer rounds."""
_MAX_RULER: Final = 120
"""Code points of the longest line that is drawn, or of the longest number that is written."""
_MAX_RUN: Final = 40
"""Times that another character is written in a row on purpose."""
_RULER_CHARACTERS: Final = frozenset(" \t\n-=#*_~+.,:|/\\<>^─━═│┄┈·•░▒▓█")
"""Characters of rulers, tables and pictures."""
_DIGITS: Final = frozenset("0123456789abcdefABCDEF")
_NUMBER: Final = re.compile(r"\b0x[\da-f]+|\\x[\da-f]{2}|\\u[\da-f]{4}", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def loop_start(text: str) -> int | None:
    """Give how much of a text that ends in a loop is worth keeping; None where it does not.

    That is one round of it, and nothing of a text that is all loop, or of a line that ends in one
    character in a row. The work is bounded: a growing text may be asked about with every piece.
    """
    run = len(text) - len(text.rstrip(text[-1:]))
    if run > 1 and run > _most_in_a_row(text[-1]):
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


def without_loop(text: str, setting: FilterContext) -> str:
    """Show one round of a loop at most."""
    del setting
    keep = loop_start(text)
    return text if keep is None else text[:keep]


def _most_in_a_row(character: str) -> int:
    """How often a character is written in a row on purpose."""
    return _MAX_RULER if character in _RULER_CHARACTERS | _DIGITS else _MAX_RUN


def _periodic_from(text: str, size: int) -> int:
    """Where the part at the end begins in which every character is the one ``size`` before."""
    unit, at = text[-size:], len(text) - size
    while text[max(0, at - size) : at] == unit:
        at -= size
    while at > 0 and text[at - 1] == text[at - 1 + size]:
        at -= 1
    return at


def _rounds(unit: str) -> int:
    """How many rounds make a loop: tables of numbers and rulers repeat, sentences do not."""
    letters = sum(map(len, _WORD.findall(_NUMBER.sub("", unit))))
    if not letters:
        return 32
    return _MIN_ROUNDS if letters >= (5 if "\n" in unit else 8) else 2 * _MIN_ROUNDS
