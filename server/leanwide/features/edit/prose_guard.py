"""Checks of answers that no parser checks: prose, and code in languages without a grammar."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from leanwide.context.prose import is_prose
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.change import Mistake
from leanwide.postprocess.structure import asks_for_less
from leanwide.prompt.question import USUAL_FENCE, fence_for
from leanwide.syntax import content

LEAST_SHARE: Final = 0.5
"""Share of a text's characters that the answer has to keep."""
_LEAST_SHARE_SHORTENED: Final = 0.1
"""The same if the instruction asks for a shorter text."""
_MIN_CHECKED: Final = 80
"""Characters of a text; the length of a shorter one is not checked."""
_LONG_FENCE: Final = "````"
"""The fence that prose is asked for in: models write the usual one for blocks inside it."""
_FENCE: Final = re.compile(r"\s*(?:```|~~~)")


def least_share(instruction: str) -> float:
    """Return the share of a text's characters that the answer to an instruction has to keep."""
    return _LEAST_SHARE_SHORTENED if asks_for_less(instruction) else LEAST_SHARE


def fence_around(resolved: ResolvedSelection) -> str:
    """Return a fence longer than any fence in the passage."""
    lines = resolved.lines
    if is_prose(resolved.view) or any(map(_FENCE.match, lines)):
        return fence_for("".join(lines), _LONG_FENCE)
    return USUAL_FENCE


def check_prose(resolved: ResolvedSelection, lines: Sequence[str], least: float) -> None:
    """Check that an answer does not lose prose.

    Raises:
        Mistake: Too little of it would remain, or a code block would stay open.
    """
    old = [content(line) for line in resolved.lines]
    _check_length(old, lines, least)
    if _fences(lines) % 2 > _fences(old) % 2:
        raise Mistake("A code block in it is not closed.")


def check_unparsed(resolved: ResolvedSelection, lines: Sequence[str], least: float) -> None:
    """Check that an answer does not lose code, in a language without a grammar.

    Raises:
        Mistake: Too little of it would remain, or its brackets balance otherwise than before.
    """
    if resolved.language is not None:
        return
    old = [content(line) for line in resolved.lines]
    _check_length(old, lines, least)
    if _balance(old) != _balance(lines):
        raise Mistake("Its brackets do not balance as those of the code that it replaces.")


def _check_length(old: Iterable[str], new: Iterable[str], least: float) -> None:
    before, after = _characters(old), _characters(new)
    if before > _MIN_CHECKED and after < least * before:
        raise Mistake(f"It has {after:,} characters in place of {before:,}: text would be lost.")


def _characters(lines: Iterable[str]) -> int:
    return sum(len(line.strip()) for line in lines)


def _fences(lines: Iterable[str]) -> int:
    return sum(_FENCE.match(line) is not None for line in lines)


def _balance(lines: Iterable[str]) -> tuple[int, ...]:
    """Return, for each kind of bracket, how many more are opened than closed."""
    counts = Counter[str]()
    for line in lines:
        counts.update(line)
    return tuple(counts[opened] - counts[closed] for opened, closed in ("()", "[]", "{}"))
