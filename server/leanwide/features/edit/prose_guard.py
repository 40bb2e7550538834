"""Guards for text that no parser checks: prose, and code in languages without a grammar."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from leanwide.context.prose import is_prose
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.change import Mistake
from leanwide.prompt.question import USUAL_FENCE, fence_for
from leanwide.syntax import content

LEAST_SHARE: Final = 0.5
"""Share of a text's characters that an answer in its place has to have."""
_LEAST_SHORTENED: Final = 0.1
"""The same where somebody asks for less."""
_SHORT: Final = 80
"""Characters of a text that may become anything."""
_LESS: Final = re.compile(
    r"\b(?:brief|compact|concis|condens|cut|delet|drop|less|remov|short|simpl|strip|summar|trim)",
    re.IGNORECASE,
)
_LONG_FENCE: Final = "````"
"""What prose is asked for in: models write the usual fence for blocks inside it."""
_FENCE: Final = re.compile(r"\s*(?:```|~~~)")


def least_share(instruction: str) -> float:
    """Return the share of a text that has to come back, by what is asked of it."""
    return _LEAST_SHORTENED if _LESS.search(instruction) else LEAST_SHARE


def fence_around(found: ResolvedSelection) -> str:
    """Return the fence that tells the passage from fences inside it."""
    lines = found.view.lines[found.passage.first : found.passage.last]
    if is_prose(found.view) or any(map(_FENCE.match, lines)):
        return fence_for("".join(lines), _LONG_FENCE)
    return USUAL_FENCE


def check_prose(found: ResolvedSelection, lines: Sequence[str], least: float) -> None:
    """See to it that prose is not lost to an answer.

    Raises:
        Mistake: Too little of it would be left, or a code block in it stay open.
    """
    old = _replaced(found)
    _check_length(old, lines, least)
    if _fences(lines) % 2 > _fences(old) % 2:
        raise Mistake("A code block in it is not closed.")


def check_unparsed(found: ResolvedSelection, lines: Sequence[str], least: float) -> None:
    """See to it that code in a language without a grammar is not lost to an answer.

    Raises:
        Mistake: Too little of it would be left, or its brackets not balance as they do.
    """
    if found.language is not None:
        return
    old = _replaced(found)
    _check_length(old, lines, least)
    if _balance(old) != _balance(lines):
        raise Mistake("Its brackets do not balance as those of the code that it replaces.")


def _replaced(found: ResolvedSelection) -> list[str]:
    return [content(line) for line in found.view.lines[found.passage.first : found.passage.last]]


def _check_length(old: Iterable[str], new: Iterable[str], least: float) -> None:
    before, after = _characters(old), _characters(new)
    if before > _SHORT and after < least * before:
        raise Mistake(f"It has {after:,} characters in place of {before:,}: text would be lost.")


def _characters(lines: Iterable[str]) -> int:
    return sum(len(line.strip()) for line in lines)


def _fences(lines: Iterable[str]) -> int:
    return sum(_FENCE.match(line) is not None for line in lines)


def _balance(lines: Iterable[str]) -> tuple[int, ...]:
    """How many brackets of each kind are opened and not closed."""
    counts = Counter[str]()
    for line in lines:
        counts.update(line)
    return tuple(counts[opened] - counts[closed] for opened, closed in ("()", "[]", "{}"))
