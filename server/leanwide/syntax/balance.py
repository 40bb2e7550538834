"""Brackets and quotes that have just been opened.

An open bracket turns the rest of a file into errors, slowly, and until it is closed the tree says
nothing of use. So a tree takes it as closed where the lines being edited end.
"""

from collections.abc import Sequence
from typing import Final

import attrs

from leanwide.syntax.languages import Language
from leanwide.syntax.lexer import closers
from leanwide.syntax.text import Splice

_LINES: Final = 30


@attrs.frozen
class UnclosedLines:
    """Lines that are being edited and close less than they open."""

    first: int
    last: int
    """The last of the lines; what is missing is taken to stand at its end."""
    known: int
    """How many brackets and quotes the lines left open before: they are closed further down."""
    missing: str
    """What closes the rest."""

    def goes_on(self, splice: Splice) -> bool:
        """Whether `splice` edits these lines, or follows them."""
        return self.first <= splice.first <= self.last + 1


def opening(
    language: Language,
    previous: UnclosedLines | None,
    splice: Splice,
    before: Sequence[str],
    after: Sequence[str],
) -> UnclosedLines | None:
    """Return what `splice`, which made `after` of `before`, has opened or left open."""
    last = splice.last - 1
    if previous and previous.goes_on(splice):
        first, last, known = previous.first, max(last, previous.last), previous.known
    else:
        first = splice.first
        known = len(closers(language, "".join(before[first : last + 1])))
    last += len(splice.lines) - (splice.last - splice.first)
    if not first <= last <= first + _LINES:
        return None
    found = closers(language, "".join(after[first : last + 1]))
    missing = "".join(found[: max(0, len(found) - known)])
    return UnclosedLines(first, last, known, missing) if missing else None
