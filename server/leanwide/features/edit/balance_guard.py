"""Checks that an answer closes what it opens, in texts that no parser checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from leanwide.context.prose import is_prose
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.change import Mistake
from leanwide.features.edit.fence import opens_fence


def check_balance(resolved: ResolvedSelection, lines: Sequence[str]) -> None:
    """Check the code blocks of prose, and the brackets of code in a language without a grammar.

    Raises:
        Mistake: A code block would stay open, or the brackets balance otherwise than before.
    """
    if is_prose(resolved.view):
        if _fences(lines) % 2 > _fences(resolved.lines) % 2:
            raise Mistake("A code block in it is not closed.")
    elif resolved.language is None and _balance(resolved.lines) != _balance(lines):
        raise Mistake("Its brackets do not balance as those of the code that it replaces.")


def _fences(lines: Iterable[str]) -> int:
    return sum(map(opens_fence, lines))


def _balance(lines: Iterable[str]) -> tuple[int, ...]:
    """Return, for each kind of bracket, how many more are opened than closed."""
    counts = Counter[str]()
    for line in lines:
        counts.update(line)
    return tuple(counts[opened] - counts[closed] for opened, closed in ("()", "[]", "{}"))
