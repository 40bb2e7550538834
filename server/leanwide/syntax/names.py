"""Imported names and references."""

from __future__ import annotations

import re
from collections.abc import Iterable
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
_VERSION: Final = re.compile(r"[/.]v\d+$")
"""The end of a Go module's path."""


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
    names: dict[tuple[int, int], dict[int, str]] = {}

    def note(key: tuple[int, int], captures: Captures) -> None:
        for name in import_names(captures):
            names.setdefault(key, {})[name.start_byte] = imported_name(tree, name)

    found = matches(tree, "imports", tree.root, _IMPORT_DEPTH, last)
    for captures in found:
        for node in captures.get("import", ()):
            note(node.byte_range, captures)
    kept = {node.byte_range: node for node in _import_nodes(found)}
    if has_capture(tree.language, "imports", "part"):
        effort = tree.effort
        for key, node in takewhile(lambda _: not effort.is_spent(), kept.items()):
            for captures in matches(tree, "imports", node):
                note(key, captures)
    return tuple(
        Import(
            import_span(tree, node),
            tuple(dict.fromkeys(name for _, name in sorted(names.get(key, {}).items()))),
        )
        for key, node in kept.items()
    )


def import_nodes(tree: SyntaxTree) -> list[tree_sitter.Node]:
    """Return the nodes of the imports at or near the top level, in the order of the text."""
    return _import_nodes(matches(tree, "imports", tree.root, _IMPORT_DEPTH))


def _import_nodes(found: Iterable[Captures]) -> list[tree_sitter.Node]:
    nodes = {node.byte_range: node for captures in found for node in captures.get("import", ())}
    return [node for _, node in islice(sorted(nodes.items()), _MAX_IMPORTS)]


def import_names(captures: Captures) -> list[tree_sitter.Node]:
    """Return the nodes of the names that a match of an import brings in."""
    return [*captures.get("name", ()), *captures.get("shared", ())]


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
            lines = abs(where.start.line - target.line)
            columns = 0 if lines else abs(where.start.column - target.column)
            # The position breaks ties, as the parser yields nodes in no particular order.
            distance = lines, columns, where.start
            distances[name] = min(distance, distances.get(name, distance))
    return tuple(sorted(distances, key=distances.__getitem__))


def import_span(tree: SyntaxTree, node: tree_sitter.Node) -> Span:
    """Return the span of an import, without the white space at its end."""
    start, end = tree.span_of(node)
    return Span(start, trimmed(tree, start, end))


def imported_name(tree: SyntaxTree, node: tree_sitter.Node) -> str:
    """Return a name that an import brings in; of a path its last part, without a version."""
    path = tree.text(tree.span_of(node)).strip("\"'`<>")
    return _VERSION.sub("", path).rpartition("/")[2]
