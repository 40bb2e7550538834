"""Loops: answers that repeat the same text again and again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from leanwide.postprocess.filter_context import FilterContext
from leanwide.syntax import content

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


def loop_start(text: str, known: Sequence[str] = ()) -> int | None:
    """Return how many code points of a text that ends in a loop to keep; None without a loop.

    One round is kept, of whole lines where the loop has such. Nothing is kept of a text that is all
    loop of one line or less, or of a line that ends in a run of one character. The work is bounded,
    so that a growing text can be checked with every piece.

    Args:
        text: The text.
        known: Texts that it may repeat: as many rounds in a row as one of them has do not count.
    """
    run = len(text) - len(text.rstrip(text[-1:]))
    most = _MAX_RULER if text[-1:] in _RULER_CHARACTERS | _DIGITS else _MAX_RUN
    if run > max(1, most) and not _occurs(text[-1] * (run - most), known):
        return text.rfind("\n", 0, len(text) - run) + 1
    for size in range(max(2, run + 1), min(_MAX_UNIT, len(text) // _MIN_ROUNDS) + 1):
        if text[-1 - size] != text[-1]:
            continue
        if text[-(_MIN_ROUNDS - 1) * size :] != text[-_MIN_ROUNDS * size : -size]:
            continue
        start = _periodic_from(text, size)
        unit = text[-size:]
        surplus = (len(text) - start) // size - _rounds(unit)
        if surplus >= 0 and not _occurs(unit * (surplus + 1), known):
            return _first_round_end(text, start, size)
    return None


def without_loop(text: str, context: FilterContext) -> str:
    """Keep at most one round of a loop, but for what the document repeats as often."""
    if loop_start(text) is None:
        return text
    document = "".join(f"{content(line)}\n" for line in context.view.lines)
    keep = loop_start(text, (document,))
    return text if keep is None else text[:keep]


def _occurs(part: str, texts: Sequence[str]) -> bool:
    return any(part in text for text in texts)


def _periodic_from(text: str, size: int) -> int:
    """Return where the end begins in which each character equals the one ``size`` before."""
    unit, at = text[-size:], len(text) - size
    while text[max(0, at - size) : at] == unit:
        at -= size
    while at > 0 and text[at - 1] == text[at - 1 + size]:
        at -= 1
    return at


def _first_round_end(text: str, start: int, size: int) -> int:
    """Return where the first round ends of a loop that begins at ``start``; 0 to keep nothing.

    A line in front of it that merely ends as its last line does is no part of it.
    """
    keeps_one = text[:start].strip() != ""
    line_break = text.find("\n", start, start + size)
    if line_break >= 0:
        if text[text.rfind("\n", 0, start) + 1 : start].strip():
            return line_break + size
        keeps_one = keeps_one or "\n" in text[line_break : line_break + size].strip()
    return start + size if keeps_one else 0


def _rounds(unit: str) -> int:
    """Return how many rounds make a loop: tables and rulers repeat, sentences do not."""
    letters = sum(map(len, _WORD.findall(_NUMBER.sub("", unit))))
    if not letters:
        return 32
    return _MIN_ROUNDS if letters >= (5 if "\n" in unit else 8) else 2 * _MIN_ROUNDS
