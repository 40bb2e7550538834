"""Which definitions are where."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile
from typing import Final

import tree_sitter

from leanwide.syntax.definition import Definition, read_definitions, read_outermost_definitions
from leanwide.syntax.matching import Captures, matches, matches_on
from leanwide.syntax.mend import mended
from leanwide.syntax.text import Position, last_text
from leanwide.syntax.tree import SyntaxTree

_SIBLING_DEPTH: Final = 3
"""Levels below a node at which a sibling's definition may start, as below ``export``."""
_MAX_STEPS: Final = 100
"""Nodes before a definition that are searched."""


def definitions(tree: SyntaxTree) -> tuple[Definition, ...]:
    """Return every definition in the order of the text. Reads the whole tree: not for every key."""
    return tuple(read_definitions(tree, matches(tree, "definitions", tree.root)))


def definitions_from(tree: SyntaxTree, first: int, last: int) -> tuple[Definition, ...]:
    """Return the definitions whose head ends on a line from ``first`` to before ``last``."""
    found = read_definitions(tree, matches_on(tree, "definitions", first, last))
    return tuple(
        definition for definition in found if first <= definition.signature_end.line < last
    )


def enclosing(tree: SyntaxTree, position: tuple[int, int]) -> tuple[Definition, ...]:
    """Return the definitions around ``position``, outermost first.

    On a blank line of an indented language these are the ones whose body could continue there.
    """
    at = tree.clamp(position)
    tree = mended(tree, at)
    found = _around(tree, at)
    above = last_text(tree.lines, at)
    if tree.language.blocks == "indent" and above.line < at.line:
        found += _around(tree, above, column=at.column)
    elif tree.language.blocks == "paragraphs":
        found += _around(tree, above)
    return tuple(read_definitions(tree, found))


def earlier_siblings(tree: SyntaxTree, definition: Definition) -> Iterator[Definition]:
    """Yield the definitions before ``definition`` on its level, nearest first.

    Lazy, and limited to the nearest nodes, so that a long file costs no more.
    """
    inner, *outer = tree.around(definition.start, definition.end)[:-1] or (tree.root,)
    same = takewhile(lambda node: node.byte_range == inner.byte_range, outer)
    *_, node = (inner, *same)
    effort = tree.effort
    for _ in range(_MAX_STEPS):
        before = node.prev_named_sibling
        if before is None or effort.is_spent():
            return
        node = before
        found = matches(tree, "definitions", node, _SIBLING_DEPTH)
        yield from reversed(read_outermost_definitions(tree, found))


def _around(tree: SyntaxTree, at: Position, column: int | None = None) -> list[Captures]:
    """Return the matches of the nodes around ``at``; only of those left of ``column`` if given."""
    left = Position(at.line, max(0, at.column - 1))
    nodes = {
        node.id: node
        for start in (left, at)
        for node in tree.around(start, at)[:-1]
        if node.is_named and not _ends_at(tree, node, at)
    }
    found: list[Captures] = []
    effort = tree.effort
    for node in nodes.values():
        if effort.is_spent():
            break
        if column is None or tree.position(node.start_point).column < column:
            found += matches(tree, "definitions", node, depth=0)
    return found


def _ends_at(tree: SyntaxTree, node: tree_sitter.Node, at: Position) -> bool:
    """Whether ``node`` ends at ``at`` and text typed there cannot belong to it."""
    ends = tree.language.blocks in ("braces", "words")
    return ends and tree.position(node.end_point) == at
