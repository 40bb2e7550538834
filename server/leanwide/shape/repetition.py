"""A model that says the same thing again and again is stopped."""

from __future__ import annotations

import re
from typing import Final

from leanwide.shape.setting import Setting

_LONGEST: Final = 80
"""Longest unit that is looked for, in code points."""
_FEWEST: Final = 4
"""Nothing is a loop with fewer rounds."""
_NUMBER: Final = re.compile(r"\b0x[\da-f]+|\\x[\da-f]{2}", re.IGNORECASE)
_WORD: Final = re.compile(r"[^\W\d_]{2,}")


def loop_start(text: str) -> int | None:
    """Give how much of a text that ends in a loop is worth keeping; None where it does not.

    That is one round of it, and nothing of a text that is all loop.
    """
    for size in range(2, min(_LONGEST, len(text) // _FEWEST) + 1):
        unit = text[-size:]
        if len(set(unit)) == 1 or not text.endswith(unit * _FEWEST):
            continue
        start = _periodic_from(text, size)
        if len(text) - start >= size * _rounds(unit):
            return start + size if text[:start].strip() else 0
    return None


def without_loop(text: str, setting: Setting) -> str:
    """Show one round of a loop at most."""
    del setting
    keep = loop_start(text)
    return text if keep is None else text[:keep]


def _periodic_from(text: str, size: int) -> int:
    """Where the part at the end begins in which every character is the one ``size`` before."""
    at = len(text) - size
    while at > 0 and text[at - 1] == text[at - 1 + size]:
        at -= 1
    return at


def _rounds(unit: str) -> int:
    """How many rounds make a loop: tables of numbers and rulers repeat, sentences do not."""
    letters = sum(map(len, _WORD.findall(_NUMBER.sub("", unit))))
    if not letters:
        return 32
    return _FEWEST if letters >= (5 if "\n" in unit else 8) else 2 * _FEWEST
