"""A document for those who look for places in it: its tree, and the tokens of its lines."""

from __future__ import annotations

from collections.abc import Iterator

from attrs import define, field

from leanwide.features.next_edit.tokens import CodeToken, tokens_of
from leanwide.syntax import SyntaxTree, content

_MAX_LINE = 400
"""Characters of a line that is looked at."""


@define(eq=False)
class TokenizedDocument:
    """A tree with the tokens of those lines that were asked for."""

    tree: SyntaxTree
    _lines: dict[int, tuple[CodeToken, ...]] = field(factory=dict, init=False)

    def tokens(self, line: int) -> tuple[CodeToken, ...]:
        """Return the tokens of a line."""
        if line not in self._lines:
            self._lines[line] = tuple(tokens_of([content(self.tree.lines[line])], line))
        return self._lines[line]

    def lines_with(self, text: str) -> Iterator[int]:
        """Yield the numbers of the lines that contain ``text``."""
        for number, line in enumerate(self.tree.lines):
            if text in line and len(line) <= _MAX_LINE:
                yield number
