"""Checks that an answer is not much shorter than its passage, of texts that no parser checks.

These are prose, and code in languages without a grammar.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from leanwide.context.prose import is_prose
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.change import Mistake
from leanwide.postprocess.structure import asks_for_less

LEAST_SHARE: Final = 0.5
"""Share of a text's characters that the answer has to keep."""
_LEAST_SHARE_SHORTENED: Final = 0.1
"""The same if the instruction asks for a shorter text."""
_MIN_CHECKED: Final = 80
"""Characters of a text; the length of a shorter one is not checked."""


def least_share(instruction: str) -> float:
    """Return the share of a text's characters that the answer to an instruction has to keep."""
    return _LEAST_SHARE_SHORTENED if asks_for_less(instruction) else LEAST_SHARE


def check_length(resolved: ResolvedSelection, lines: Sequence[str], least: float) -> None:
    """Check that of a text that no parser checks a share of the characters remains.

    Raises:
        Mistake: Fewer remain.
    """
    if resolved.language is not None and not is_prose(resolved.view):
        return
    before, after = _characters(resolved.lines), _characters(lines)
    if before > _MIN_CHECKED and after < least * before:
        raise Mistake(f"It has {after:,} characters in place of {before:,}: text would be lost.")


def _characters(lines: Iterable[str]) -> int:
    return sum(len(line.strip()) for line in lines)
