"""Lines that begin inside a string, so that their indentation is text."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from itertools import zip_longest
from typing import Final, Literal

import tree_sitter
from attrs import frozen

from leanwide.syntax.languages import Language
from leanwide.syntax.matching import captured_by
from leanwide.syntax.pieces import node_query
from leanwide.syntax.text import Position, Span
from leanwide.syntax.tree import SyntaxTree


@frozen(kw_only=True)
class TextRows:
    """Numbers of lines that begin inside a string or comment: they show no indentation."""

    all: frozenset[int] = frozenset()
    kept: frozenset[int] = frozenset()
    """Lines whose white space is text."""
    following: frozenset[int] = frozenset()
    """Lines whose white space counts from the line that their string begins on."""

    def part(self, first: int, last: int) -> TextRows:
        """Return the same of lines ``first`` to ``last``, exclusive, counted from ``first``."""
        return TextRows(
            all=frozenset(row - first for row in self.all if first <= row < last),
            kept=frozenset(row - first for row in self.kept if first <= row < last),
            following=frozenset(row - first for row in self.following if first <= row < last),
        )

    def of(self, row: int) -> Literal["kept", "following"] | None:
        """Return what the white space before a line is; None where it is indentation."""
        if row in self.kept:
            return "kept"
        return "following" if row in self.following else None


NO_TEXT: Final = TextRows()


def text_rows(tree: SyntaxTree) -> TextRows:
    """Return which lines of a text begin inside a string or comment. Reads all of it."""
    language = tree.language
    query = _text_query(language)
    if query is None:
        return NO_TEXT
    found = captured_by(tree, query, "text", Span(Position(0, 0), Position(len(tree.lines), 0)))
    rows, strings = set[int](), set[int]()
    for node in found:
        start, end = tree.span_of(node)
        inside = range(start.line + 1, end.line + (end.column > 0))
        rows.update(inside)
        if node.type in language.strings:
            strings.update(inside)
    literal = literal_lines(tree, strings)
    if language.indented_strings:
        return TextRows(all=frozenset(rows), following=literal)
    return TextRows(all=frozenset(rows), kept=literal)


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


@cache
def _text_query(language: Language) -> tree_sitter.Query | None:
    known = language.grammar().id_for_node_kind
    kinds = (kind for kind in language.strings | language.comments if known(kind, True))
    return node_query(language, sorted(kinds), "text")
