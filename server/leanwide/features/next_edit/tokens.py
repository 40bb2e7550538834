"""Lines of code as tokens, without a grammar: changed lines often do not parse on their own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Final

from attrs import frozen

from leanwide.syntax import Span
from leanwide.syntax.text import Position

_TOKEN: Final = re.compile(
    r"""
    [^\W\d][\w$]*                               # a name
    | \$[\w$]+
    | \d[\w.]*                                  # a number
    | "(?:[^"\\\n]|\\.)*" | '(?:[^'\\\n]|\\.)*' | `(?:[^`\\\n]|\\.)*`
    | \.\.\.|===|!==|=>|->|::|\?\.|&&|\|\||\?\?|[-+*/%|&^<>=!]=|//|\*\*
    | [^\w\s]
    """,
    re.VERBOSE,
)
_NAME: Final = re.compile(r"[^\W\d][\w$]*|\$[\w$]+")
MEMBER_OPERATORS: Final = frozenset({".", "->", "::", "?."})
"""What stands between an object and its member."""


@frozen
class Token:
    """A name, a number, a string or an operator."""

    text: str
    line: int
    """Counts from 0 in the lines that were read, or in the document."""
    column: int
    """Where it begins, in code points."""

    @property
    def is_name(self) -> bool:
        """Whether it is a name or a keyword."""
        return bool(_NAME.fullmatch(self.text))

    @property
    def span(self) -> Span:
        """Where it stands."""
        end = self.column + len(self.text)
        return Span(Position(self.line, self.column), Position(self.line, end))


def tokens_of(lines: Sequence[str], first: int = 0) -> list[Token]:
    """Return the tokens of lines, which begin at line ``first`` of their document."""
    return [
        Token(found[0], number, found.start())
        for number, line in enumerate(lines, first)
        for found in _TOKEN.finditer(line)
    ]


def texts(tokens: Sequence[Token]) -> tuple[str, ...]:
    """Return what the tokens say."""
    return tuple(token.text for token in tokens)


def changed_runs(
    before: Sequence[Token], after: Sequence[Token]
) -> list[tuple[int, int, int, int]]:
    """Return the runs that differ: start and end in ``before``, start and end in ``after``."""
    matcher = SequenceMatcher(None, texts(before), texts(after), autojunk=False)
    return [tuple(code[1:]) for code in matcher.get_opcodes() if code[0] != "equal"]
