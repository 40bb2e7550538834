"""How broken a text is."""

import tree_sitter

from leanwide.syntax.languages import Language
from leanwide.syntax.text import split
from leanwide.syntax.tree import SyntaxTree, parse


def error_count(tree: SyntaxTree) -> int:
    """Return how many places of the text do not parse: errors and missing tokens."""
    count, todo = 0, [tree.root]
    while todo:
        node: tree_sitter.Node = todo.pop()
        count += node.is_error or node.is_missing
        if node.has_error:
            todo += node.children
    return count


def parses_no_worse(language: Language, before: str, after: str) -> bool:
    """Return whether `after` has no more errors than `before`; both are parsed from scratch."""
    errors = error_count(parse(language, split(after)))
    return errors == 0 or errors <= error_count(parse(language, split(before)))
