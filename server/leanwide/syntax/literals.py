"""Lines that begin inside a string, so that their indentation is text."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from leanwide.syntax.text import Position
from leanwide.syntax.tree import SyntaxTree


def literal_lines(tree: SyntaxTree, lines: Iterable[int]) -> frozenset[int]:
    """Return those of ``lines`` (numbers) that begin inside a string other than a docstring."""
    return frozenset(line for line in lines if _in_literal(tree, line))


def _in_literal(tree: SyntaxTree, line: int) -> bool:
    start = Position(line, 0)
    string, owner = None, None
    around = tree.around(start)
    for node, parent in zip_longest(around, around[1:]):
        if node.type in tree.language.embedded and tree.span_of(node).start < start:
            break
        if node.type in tree.language.strings:
            string, owner = node, parent
    if string is None or (owner and owner.type == "expression_statement"):
        return False
    span = tree.span_of(string)
    return span.start < start < span.end
