"""Where a text does not parse."""

from __future__ import annotations

from collections.abc import Iterator

import tree_sitter

from leanwide.syntax.text import Position
from leanwide.syntax.tree import SyntaxTree


def error_count(tree: SyntaxTree) -> int:
    """Return the number of syntax errors and missing tokens in the text."""
    return sum(1 for _ in _errors(tree))


def first_error(tree: SyntaxTree, line: int) -> Position | None:
    """Return the first position on ``line`` or below that does not parse; None if all does."""
    found = (tree.span_of(node) for node in _errors(tree))
    return next(
        (max(span.start, Position(line, 0)) for span in found if span.end.line >= line), None
    )


def _errors(tree: SyntaxTree) -> Iterator[tree_sitter.Node]:
    """Yield error nodes and missing nodes in the order of the text."""
    todo = [tree.root]
    while todo:
        node = todo.pop()
        if node.is_error or node.is_missing:
            yield node
        if node.has_error:
            todo += reversed(node.children)
