"""The tree without the statement that is being typed."""

from __future__ import annotations

from leanwide.syntax.statement import statement_start
from leanwide.syntax.text import Position, content, last_text, split
from leanwide.syntax.tree import SyntaxTree


def mended(tree: SyntaxTree, position: tuple[int, int]) -> SyntaxTree:
    """Return ``tree``, or a tree without the statement at ``position`` where that is broken.

    Broken means that an error starts before the statement and reaches ``position``. The lines of
    the statement become blank up to ``position``; positions on other lines mean the same in both
    trees.
    """
    at = tree.clamp(position)
    start = statement_start(tree, at)
    if not tree.root.has_error:
        return tree
    line, column = last_text(tree.lines, at)
    places = (Position(line, max(0, column - 1)), at)
    if not any(
        node.is_error and node.start_point.row <= start.line
        for place in places
        for node in tree.around(place)
    ):
        return tree
    lines = list(tree.lines)
    first = content(lines[start.line]) if start.line < len(lines) else ""
    margin = first[: len(first) - len(first.lstrip())]
    rest = lines[at.line][at.column :] if at.line < len(lines) else ""
    lines[start.line : at.line + 1] = split(margin + "\n" * (at.line - start.line) + rest)
    return tree.edited(lines)
