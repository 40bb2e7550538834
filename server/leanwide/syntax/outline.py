"""What is defined where."""

from collections.abc import Iterator
from itertools import takewhile

import tree_sitter

from leanwide.syntax.definition import Definition, read, read_outermost
from leanwide.syntax.matching import Captures, matches, matches_on
from leanwide.syntax.mend import mended
from leanwide.syntax.text import Position, last_text
from leanwide.syntax.tree import SyntaxTree

_SIBLING_DEPTH = 3
_MOST_STEPS = 100
"""Nodes before a definition that are looked at."""


def definitions(tree: SyntaxTree) -> tuple[Definition, ...]:
    """Return every definition of the text, in its order. Reads the whole tree: not per key."""
    return tuple(read(tree, matches(tree, "definitions", tree.root)))


def definitions_from(tree: SyntaxTree, first: int, last: int) -> tuple[Definition, ...]:
    """Return the definitions whose head ends on a line from `first` up to `last`, not included."""
    found = read(tree, matches_on(tree, "definitions", first, last))
    return tuple(one for one in found if first <= one.signature_end.line < last)


def enclosing(tree: SyntaxTree, position: tuple[int, int]) -> tuple[Definition, ...]:
    """Return the definitions around `position`, outermost first.

    On a blank line of an indented language, those are meant whose body could go on there.
    """
    at = tree.clamp(position)
    tree = mended(tree, at)
    found = _around(tree, at)
    above = last_text(tree.lines, at)
    if tree.language.indented and above.line < at.line:
        found += _around(tree, above, column=at.column)
    elif tree.language.blocks == "paragraphs":
        found += _around(tree, above)
    return tuple(read(tree, found))


def earlier_siblings(tree: SyntaxTree, definition: Definition) -> Iterator[Definition]:
    """Yield what is defined before and beside `definition`, nearest first, as it is asked for.

    What is too far away to be of use is not looked at, so that a long file costs no more.
    """
    inner, *outer = tree.around(definition.start, definition.end)[:-1] or (tree.root,)
    same = takewhile(lambda one: one.byte_range == inner.byte_range, outer)
    *_, node = (inner, *same)
    effort = tree.effort
    for _ in range(_MOST_STEPS):
        before = node.prev_named_sibling
        if before is None or effort.is_spent():
            return
        node = before
        found = matches(tree, "definitions", node, _SIBLING_DEPTH)
        yield from reversed(read_outermost(tree, found))


def _around(tree: SyntaxTree, at: Position, column: int | None = None) -> list[Captures]:
    """Return the matches of the nodes around `at`, with `column` only of those left of it."""
    left = Position(at.line, max(0, at.column - 1))
    nodes = {
        node.id: node
        for start in (left, at)
        for node in tree.around(start, at)[:-1]
        if node.is_named and not _is_closed(tree, node, at)
    }
    found: list[Captures] = []
    effort = tree.effort
    for node in nodes.values():
        if effort.is_spent():
            break
        if column is None or tree.position(node.start_point).column < column:
            found += matches(tree, "definitions", node, depth=0)
    return found


def _is_closed(tree: SyntaxTree, node: tree_sitter.Node, at: Position) -> bool:
    """Whether `node` ends at `at` and nothing typed there can belong to it."""
    ends = tree.language.blocks in ("braces", "words")
    return ends and tree.position(node.end_point) == at
