"""Runs a language's query files over a tree."""

from __future__ import annotations

from typing import Final

import tree_sitter

from leanwide.syntax.languages import Language, Theme
from leanwide.syntax.text import Span
from leanwide.syntax.tree import SyntaxTree

Captures = dict[str, list[tree_sitter.Node]]
"""The nodes of one match by the name of their capture."""

_MAX_MATCHES: Final = 1_000
"""Matches in progress at a time. The query compares every node with all of them."""


def matches(
    tree: SyntaxTree,
    theme: Theme,
    node: tree_sitter.Node,
    depth: int | None = None,
    last: int | None = None,
) -> list[Captures]:
    """Return the matches that start at ``node`` or up to ``depth`` levels below it.

    With ``last``, only those before that line: the rest of a long file takes most of the time.
    """
    cursor = _cursor(tree.language.query(theme))
    if depth is not None:
        cursor.set_max_start_depth(depth)
    if last is not None:
        cursor.set_point_range((0, 0), (last, 0))
    return _found(tree, cursor, node)


def matches_on(tree: SyntaxTree, theme: Theme, first: int, last: int) -> list[Captures]:
    """Return the matches that touch a line from ``first`` up to, not including, ``last``."""
    cursor = _cursor(tree.language.query(theme))
    cursor.set_point_range((first, 0), (last, 0))
    return _found(tree, cursor, tree.root)


def _found(
    tree: SyntaxTree, cursor: tree_sitter.QueryCursor, node: tree_sitter.Node
) -> list[Captures]:
    found = sorted(cursor.matches(node), key=lambda match: match[0])
    return [captures for _, captures in found if _words_fit(tree, captures)]


def captured(tree: SyntaxTree, theme: Theme, name: str, span: Span) -> list[tree_sitter.Node]:
    """Return the nodes captured as ``name`` that lie in ``span``."""
    return captured_by(tree, tree.language.query(theme), name, span)


def captured_by(
    tree: SyntaxTree, query: tree_sitter.Query, name: str, span: Span
) -> list[tree_sitter.Node]:
    """Return the nodes that ``query`` captures as ``name`` and that lie in ``span``."""
    cursor = _cursor(query)
    start, end = tree.point(span.start), tree.point(span.end)
    cursor.set_point_range(start, end)
    nodes = cursor.captures(tree.root).get(name, [])
    return [node for node in nodes if start <= node.start_point and node.end_point <= end]


def has_capture(language: Language, theme: Theme, name: str) -> bool:
    """Whether a pattern of a query captures something as ``name``."""
    query = language.query(theme)
    return name in map(query.capture_name, range(query.capture_count))


def _cursor(query: tree_sitter.Query) -> tree_sitter.QueryCursor:
    return tree_sitter.QueryCursor(query, match_limit=_MAX_MATCHES)


def _words_fit(tree: SyntaxTree, captures: Captures) -> bool:
    """Whether every captured ``@word`` is one of the language's import words."""
    words = tree.language.import_words
    return all(tree.text(tree.span_of(node)) in words for node in captures.get("word", ()))
