"""Imported names and references."""

from __future__ import annotations

from itertools import islice, takewhile
from typing import Final

import tree_sitter
from attrs import frozen

from leanwide.syntax.definition import trimmed
from leanwide.syntax.matching import Captures, captured, has_capture, matches
from leanwide.syntax.text import Position, Span
from leanwide.syntax.tree import SyntaxTree

_IMPORT_DEPTH: Final = 3
"""Levels below the root at which an import may start."""
_MAX_IMPORTS: Final = 1_000
"""Imports that are read: a text with more is no program."""


@frozen
class Import:
    """An import statement."""

    span: Span
    names: tuple[str, ...]
    """The names that it imports, or the last part of an included path."""


def imports(tree: SyntaxTree, last: int | None = None) -> tuple[Import, ...]:
    """Return the imports at or near the top level, in the order of the text.

    With ``last``, only those that begin before that line.
    """
    found: dict[tuple[int, int], tree_sitter.Node] = {}
    names: dict[tuple[int, int], dict[int, str]] = {}

    def note(key: tuple[int, int], captures: Captures) -> None:
        for name in captures.get("name", ()):
            names.setdefault(key, {})[name.start_byte] = _imported(tree, name)

    for captures in matches(tree, "imports", tree.root, _IMPORT_DEPTH, last):
        for node in captures.get("import", ()):
            found[node.byte_range] = node
            note(node.byte_range, captures)
    kept = dict(islice(sorted(found.items()), _MAX_IMPORTS))
    if has_capture(tree.language, "imports", "part"):
        effort = tree.effort
        for key, node in takewhile(lambda _: not effort.is_spent(), kept.items()):
            for captures in matches(tree, "imports", node):
                note(key, captures)
    return tuple(
        Import(
            _span(tree, node),
            tuple(dict.fromkeys(name for _, name in sorted(names.get(key, {}).items()))),
        )
        for key, node in kept.items()
    )


def references(
    tree: SyntaxTree, span: Span, near: tuple[int, int] | None = None
) -> tuple[str, ...]:
    """Return the names used but not bound in ``span``, those nearest to ``near`` first.

    ``near`` defaults to the end of the span.
    """
    target = tree.clamp(near if near is not None else span.end)
    bound = {tree.text(tree.span_of(node)) for node in captured(tree, "scopes", "local", span)}
    distances: dict[str, tuple[int, int, Position]] = {}
    for node in captured(tree, "references", "reference", span):
        where = tree.span_of(node)
        name = tree.text(where)
        if name and name not in bound:
            distance = _distance(where.start, target)
            distances[name] = min(distance, distances.get(name, distance))
    return tuple(sorted(distances, key=distances.__getitem__))


def _span(tree: SyntaxTree, node: tree_sitter.Node) -> Span:
    start, end = tree.span_of(node)
    return Span(start, trimmed(tree, start, end))


def _imported(tree: SyntaxTree, node: tree_sitter.Node) -> str:
    return tree.text(tree.span_of(node)).strip("\"'`<>").rpartition("/")[2]


def _distance(start: Position, target: Position) -> tuple[int, int, Position]:
    """Return the distance in lines, then in columns on the same line, then the position.

    The position breaks ties: the parser yields nodes in no particular order.
    """
    lines = abs(start.line - target.line)
    return lines, 0 if lines else abs(start.column - target.column), start
