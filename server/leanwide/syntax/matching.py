"""Run a language's query files over a tree."""

from collections.abc import Iterator

import tree_sitter

from leanwide.syntax.languages import Language, Theme
from leanwide.syntax.text import Span
from leanwide.syntax.tree import SyntaxTree

Captures = dict[str, list[tree_sitter.Node]]
"""The nodes of one match by the name of their capture."""


def matches(
    tree: SyntaxTree,
    theme: Theme,
    node: tree_sitter.Node,
    depth: int | None = None,
    last: int | None = None,
) -> list[Captures]:
    """Return the matches that start at `node` or up to `depth` levels below it, before line `last`.

    What lies behind that line is not looked at: of a long file, that takes the time.
    """
    cursor = tree_sitter.QueryCursor(tree.language.query(theme))
    if depth is not None:
        cursor.set_max_start_depth(depth)
    if last is not None:
        cursor.set_point_range((0, 0), (last, 0))
    return _found(tree, cursor, node)


def matches_on(tree: SyntaxTree, theme: Theme, first: int, last: int) -> list[Captures]:
    """Return the matches that touch a line from `first` up to, not including, `last`."""
    cursor = tree_sitter.QueryCursor(tree.language.query(theme))
    cursor.set_point_range((first, 0), (last, 0))
    return _found(tree, cursor, tree.root)


def _found(
    tree: SyntaxTree, cursor: tree_sitter.QueryCursor, node: tree_sitter.Node
) -> list[Captures]:
    found = sorted(cursor.matches(node), key=lambda match: match[0])
    return [captures for _, captures in found if _words_fit(tree, captures)]


def captured(tree: SyntaxTree, theme: Theme, name: str, span: Span) -> list[tree_sitter.Node]:
    """Return the nodes captured as `name` that lie in `span`."""
    cursor = tree_sitter.QueryCursor(tree.language.query(theme))
    start, end = tree.point(span.start), tree.point(span.end)
    cursor.set_point_range(start, end)
    nodes = cursor.captures(tree.root).get(name, [])
    return [node for node in nodes if start <= node.start_point and node.end_point <= end]


def has_capture(language: Language, theme: Theme, name: str) -> bool:
    """Whether a pattern of a query captures something as `name`."""
    query = language.query(theme)
    return name in map(query.capture_name, range(query.capture_count))


def ancestors(node: tree_sitter.Node | None) -> Iterator[tree_sitter.Node]:
    """Yield `node`, its parent, and so on up to the root."""
    while node is not None:
        yield node
        node = node.parent


def _words_fit(tree: SyntaxTree, captures: Captures) -> bool:
    words = tree.language.import_words
    return all(tree.text(tree.span_of(node)) in words for node in captures.get("word", ()))
