"""Lines of code as tokens, without a grammar: changed lines often do not parse on their own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import SequenceMatcher
from typing import Final

from attrs import frozen

from leanwide.syntax import Position, Span

_TOKEN: Final = re.compile(
    r"""
    \$?[^\W\d][\w$]*
    | \d[\w.]*
    | "(?:[^"\\\n]|\\.){0,400}" | '(?:[^'\\\n]|\\.){0,400}' | `(?:[^`\\\n]|\\.){0,400}`
    | \.\.\.|===|!==|=>|->|::|\?\.|&&|\|\||\?\?|[-+*/%|&^<>=!]=|//|\*\*
    | [^\w\s]
    """,
    re.VERBOSE,
)
"""A string is limited: else each quote in a line without its end would be searched to the end."""
_NAME: Final = re.compile(r"\$?[^\W\d][\w$]*")
_SIMILAR: Final = 0.6
_MAX_COMPARED: Final = 80
"""Tokens of a line whose likeness is measured."""
BRACKETS: Final = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
"""How each changes the number of open brackets."""
_QUOTES: Final = ("'", '"', "`")
MEMBER_OPERATORS: Final = (".", "->", "::", "?.")
"""What stands between an object and its member."""


@frozen
class CodeToken:
    """A name, a number, a string or an operator."""

    text: str
    line: int
    """Counts from 0 in the lines that were read, or in the document."""
    column: int
    """Where it begins, in code points."""

    @property
    def end(self) -> int:
        """The column behind it."""
        return self.column + len(self.text)

    @property
    def span(self) -> Span:
        """Where it stands."""
        return Span(Position(self.line, self.column), Position(self.line, self.end))


def tokens_of(lines: Sequence[str], first: int = 0) -> list[CodeToken]:
    """Return the tokens of lines, which begin at line ``first`` of their document."""
    return [
        CodeToken(found[0], number, found.start())
        for number, line in enumerate(lines, first)
        for found in _TOKEN.finditer(line)
    ]


def is_name(text: str) -> bool:
    """Whether a token is a name or a keyword."""
    return bool(_NAME.fullmatch(text))


def is_string(text: str) -> bool:
    """Whether a token is a string."""
    return len(text) > 1 and text.startswith(_QUOTES)


def texts(tokens: Sequence[CodeToken]) -> tuple[str, ...]:
    """Return what the tokens say."""
    return tuple(token.text for token in tokens)


def bracket_depth(tokens: Iterable[CodeToken]) -> int:
    """Return how many more brackets are opened than closed."""
    return sum(BRACKETS.get(token.text, 0) for token in tokens)


def changed_runs(
    before: Sequence[CodeToken], after: Sequence[CodeToken]
) -> list[tuple[int, int, int, int]]:
    """Return the runs that differ: start and end in ``before``, start and end in ``after``."""
    matcher = SequenceMatcher(None, texts(before), texts(after), autojunk=False)
    return [(a, b, c, d) for tag, a, b, c, d in matcher.get_opcodes() if tag != "equal"]


def likeness(one: Sequence[CodeToken], other: Sequence[CodeToken]) -> float:
    """Return how much of two lines is the same, from 0 to 1."""
    if not one or not other or max(len(one), len(other)) > _MAX_COMPARED:
        return 0.0
    return SequenceMatcher(None, texts(one), texts(other), autojunk=False).ratio()


def are_similar(one: str, other: str) -> bool:
    """Whether two names have most of their letters in common."""
    ratio = SequenceMatcher(None, one.lower(), other.lower(), autojunk=False).ratio()
    return extends(one, other) or ratio >= _SIMILAR


def extends(one: str, other: str) -> bool:
    """Whether one of two names is the other with more in front or behind."""
    first, second = one.strip("_").lower(), other.strip("_").lower()
    return bool(first and second) and (first in second or second in first)
