"""Where a text does not parse.

What becomes of a macro is not known: one that explains errors makes them none. That takes another
parse of the whole text, which ``error_nodes`` does without.
"""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from leanwide.syntax.macros import without_macros
from leanwide.syntax.text import Position, Span
from leanwide.syntax.tree import SyntaxTree


def error_count(tree: SyntaxTree) -> int:
    """Return the number of syntax errors and missing tokens in the text."""
    return len(_errors(tree))


def first_error(tree: SyntaxTree, line: int) -> Position | None:
    """Return the first position on ``line`` or below that does not parse; None if all does."""
    return next(
        (max(span.start, Position(line, 0)) for span in _errors(tree) if span.end.line >= line),
        None,
    )


def _errors(tree: SyntaxTree) -> list[Span]:
    """Return the spans of errors and missing tokens in the order of the text."""
    found = [tree.span_of(node) for node in error_nodes(tree)]
    if not found:
        return found
    other = without_macros(tree)
    if other.given_up:
        return found
    return min(found, [other.span_of(node) for node in error_nodes(other)], key=len)


def error_nodes(tree: SyntaxTree) -> Iterator[tree_sitter.Node]:
    """Yield error nodes and missing nodes in the order of the text, those of macros too."""
    todo = [tree.root]
    while todo:
        node = todo.pop()
        if node.is_error or node.is_missing:
            yield node
        if node.has_error:
            todo += reversed(node.children)
