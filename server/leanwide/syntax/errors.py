"""How broken a text is."""

from collections.abc import Iterator

import tree_sitter

from leanwide.syntax.languages import Language
from leanwide.syntax.text import Position, split
from leanwide.syntax.tree import SyntaxTree, parse


def error_count(tree: SyntaxTree) -> int:
    """Return how many places of the text do not parse: errors and missing tokens."""
    return sum(1 for _ in _errors(tree))


def first_error(tree: SyntaxTree, line: int) -> Position | None:
    """Return the first place that does not parse on `line` or below it; None where all does."""
    found = (tree.span_of(node) for node in _errors(tree))
    return next(
        (max(span.start, Position(line, 0)) for span in found if span.end.line >= line), None
    )


def parses_no_worse(language: Language, before: str, after: str) -> bool:
    """Return whether `after` has no more errors than `before`; both are parsed from scratch."""
    errors = error_count(parse(language, split(after)))
    return errors == 0 or errors <= error_count(parse(language, split(before)))


def _errors(tree: SyntaxTree) -> Iterator[tree_sitter.Node]:
    """Yield the nodes that stand for what does not parse, in the order of the text."""
    todo = [tree.root]
    while todo:
        node = todo.pop()
        if node.is_error or node.is_missing:
            yield node
        if node.has_error:
            todo += reversed(node.children)
