"""Where a definition ends in lines that are still written, which no parser reads for certain."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from leanwide.syntax.languages import Language
from leanwide.syntax.lexer import scan
from leanwide.syntax.text import indentation

_CLOSER: Final = re.compile(r"\s*(?:[)\]}{]|end\b)")
"""The beginning of a line that opens or ends the block it is no part of."""

_LISTS: Final = frozenset("([")
"""Brackets whose lines say nothing of levels."""


def definition_end(language: Language, lines: Sequence[str], head: int) -> int:
    """Return the line behind a definition: the first one that is sure to be no part of it.

    That is the first line of code which is less indented than the body, but for those that close
    it, or closes a bracket from above. More lines change nothing of that.

    Args:
        language: The language.
        lines: Without their endings.
        head: The line of the definition's name.
    """
    level: int | None = None
    own = indentation(lines[head])
    for row, is_outer in _code_lines(language, lines, head):
        if is_outer:
            return row
        here, closes = indentation(lines[row]), bool(_CLOSER.match(lines[row]))
        if level is not None and here < level and (here < own or not closes):
            return row
        if level is None and not closes:
            level = here
    return len(lines)


def _code_lines(language: Language, lines: Sequence[str], head: int) -> Iterator[tuple[int, bool]]:
    """Yield the lines below a head that begin in code, and whether they close what is around it.

    Blank lines are left out, and those within parentheses, strings or comments.
    """
    text = "\n".join(lines[head:])
    opened: list[str] = []
    row, at = head, 0
    for token in scan(language, text):
        row, at = row + text.count("\n", at, token.start), token.start
        if token.kind == "open":
            opened.append(text[token.start])
        elif token.kind == "close" and opened:
            opened.pop()
        elif token.kind == "close":
            yield row, True
            return
        elif token.kind == "newline" and lines[row + 1].strip() and not _LISTS.intersection(opened):
            yield row + 1, False
