"""Holes of a parsed file in any language that the server has a grammar for."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from typing import Final

import tree_sitter

from training.data.holes import Span, line_starts
from training.data.trees import Tree, nodes

ARGUMENTS: Final = frozenset({"arguments", "argument_list"})
EXPRESSIONS: Final = ("expression", "identifier", "literal")
"""Endings of the kinds of nodes after which a completion of a few words may stop."""
KEPT_IN: Final = 4
"""Of so many expressions about one is a hole: there are more than anything draws from."""


def spans(tree: Tree) -> Iterator[Span]:
    """Yield statements, blocks, call arguments and expressions."""
    starts = line_starts(tree.text)

    def span(kind: str, node: tree_sitter.Node, end: int) -> Span:
        line = bisect_right(starts, tree.offset(node.start_byte)) - 1
        return Span(kind, starts[line], end)

    for node in nodes(tree, tree.syntax.root):
        end = tree.offset(node.end_byte)
        if node.type in tree.language.containers:
            for statement, last in _statements(tree, node):
                yield span("statement", statement, _after_semicolon(tree.text, statement, tree))
                yield span("block", statement, last)
        elif node.type in ARGUMENTS and node.named_child_count:
            yield span("arguments", node, end - 1)
        elif node.type.endswith(EXPRESSIONS) and node.start_byte % KEPT_IN == 0:
            yield span("expression", node, end)


def _statements(tree: Tree, container: tree_sitter.Node) -> Iterator[tuple[tree_sitter.Node, int]]:
    """Yield each statement of a container, with where it ends and with where the block ends.

    The block ends once after its last statement, as where the editor has closed it already, and
    once after its closing bracket or word.
    """
    comments = tree.language.comments
    inner = [child for child in container.named_children if child.type not in comments]
    for statement in inner:
        start = tree.offset(statement.start_byte)
        if tree.text[tree.text.rfind("\n", 0, start) + 1 : start].strip():
            continue
        yield statement, _after_semicolon(tree.text, inner[-1], tree)
        closer = container.child(container.child_count - 1)
        if closer is not None and not closer.is_named and container.parent is not None:
            yield statement, tree.offset(closer.end_byte)


def _after_semicolon(text: str, node: tree_sitter.Node, tree: Tree) -> int:
    """Return where a node ends, a semicolon right behind it included."""
    end = tree.offset(node.end_byte)
    end = len(text[:end].rstrip("\n")) if text[end - 1 : end] == "\n" else end
    return end + text.startswith(";", end)
