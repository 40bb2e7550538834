"""Brackets and quotes that the newest edits opened.

An open bracket turns the rest of a file into errors, which takes the parser long and leaves a tree
of no use. So a tree takes the bracket as closed at the end of the lines being edited.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from leanwide.syntax.languages import Language
from leanwide.syntax.lexer import closers
from leanwide.syntax.text import Splice

_MAX_LINES: Final = 30
"""Lines being edited: in more of them, nothing is taken as closed."""


@frozen
class UnclosedLines:
    """Lines that are being edited and open more than they close."""

    first: int
    last: int
    """The last of the lines; the parser sees ``missing`` at its end."""
    known: int
    """Brackets and quotes that the lines left open before the edits: they are closed below."""
    missing: str
    """What closes the others."""

    def goes_on(self, splice: Splice) -> bool:
        """Whether ``splice`` edits these lines, or the line below them."""
        return self.first <= splice.first <= self.last + 1


def unclosed_lines(
    language: Language,
    previous: UnclosedLines | None,
    splice: Splice,
    before: Sequence[str],
    after: Sequence[str],
) -> UnclosedLines | None:
    """Return the lines that are unclosed after ``splice``, which turned ``before`` into ``after``.

    ``previous`` are those that were unclosed before it.
    """
    last = splice.last - 1
    if previous and previous.goes_on(splice):
        first, last, known = previous.first, max(last, previous.last), previous.known
    else:
        first = splice.first
        known = len(closers(language, "".join(before[first : last + 1])))
    last += len(splice.lines) - (splice.last - splice.first)
    if not first <= last <= first + _MAX_LINES:
        return None
    found = closers(language, "".join(after[first : last + 1]))
    missing = "".join(found[: max(0, len(found) - known)])
    return UnclosedLines(first, last, known, missing) if missing else None
