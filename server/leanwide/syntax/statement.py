"""Where the statement at a position begins."""

from __future__ import annotations

import re
from functools import cache
from itertools import pairwise
from typing import Final

import tree_sitter

from leanwide.syntax.languages import Language
from leanwide.syntax.lexer import without_comments
from leanwide.syntax.matching import captured_by
from leanwide.syntax.text import Position, Span, content
from leanwide.syntax.tree import SyntaxTree

_MAX_LINES: Final = 20
"""Lines of a statement."""
_MAX_CHILDREN: Final = 20
"""Children of a node that are searched for a block."""
_BRACKETS: Final = ("(", ")", "[", "]", "{", "}", "${", "$(", "#{")
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_LEADING_OPERATOR: Final = re.compile(r"\s*(\?\.|\.(?!\.)|&&|\|\||->|::)")


def statement_start(tree: SyntaxTree, position: tuple[int, int]) -> Position:
    """Return the start of the line on which the statement at ``position`` begins.

    Syntax errors around the position do not matter. It is the line of the position for statements
    of more than 20 lines, in strings and comments of several lines, and in languages without
    statements.
    """
    at = tree.clamp(position)
    own = Position(at.line, 0)
    if not tree.language.containers or at.line >= len(tree.lines) or tree.starts_in_text(at.line):
        return own
    line = min(_by_brackets(tree, at), _by_node(tree, at))
    floor = max(0, at.line - _MAX_LINES)
    while line > floor and _continues(tree, line):
        line = _by_node(tree, Position(line - 1, len(content(tree.lines[line - 1]).rstrip())))
    return Position(line, 0) if line >= floor else own


def _open_brackets(tree: SyntaxTree, span: Span) -> list[tuple[str, Position]]:
    """Return the brackets that are opened and not closed in ``span``, outermost first."""
    inside = captured_by(tree, _bracket_query(tree.language), "bracket", span)
    stack: list[tuple[str, Position]] = []
    for node in sorted(inside, key=lambda node: node.start_byte):
        bracket = node.type[-1]
        if bracket not in _PAIRS:
            stack.append((bracket, tree.position(node.start_point)))
        elif stack and stack[-1][0] == _PAIRS[bracket] and not node.is_missing:
            stack.pop()
    return stack


@cache
def _bracket_query(language: Language) -> tree_sitter.Query:
    grammar = language.grammar()
    known = (f'"{kind}"' for kind in _BRACKETS if grammar.id_for_node_kind(kind, False))
    return tree_sitter.Query(grammar, f"[{' '.join(known)}] @bracket")


def _by_brackets(tree: SyntaxTree, at: Position) -> int:
    """Return the line of the outermost bracket around ``at`` that does not open a block."""
    line = at.line
    near = Span(Position(max(0, line - _MAX_LINES), 0), at)
    for bracket, where in reversed(_open_brackets(tree, near)):
        if bracket == "{" and tree.language.blocks != "indent":
            break
        line = where.line
    return line


def _by_node(tree: SyntaxTree, at: Position) -> int:
    """Return the line of the statement or clause node before ``at``."""
    left = tree.lines[at.line][: at.column].rstrip()
    if not left:
        return at.line
    around = tree.around(Position(at.line, len(left) - 1), Position(at.line, len(left)))
    for node, parent in pairwise(around):
        if node.is_error:
            return at.line
        if parent.type in tree.language.containers or _follows_block(tree, node, parent):
            return node.start_point.row
    return at.line


def _follows_block(tree: SyntaxTree, node: tree_sitter.Node, parent: tree_sitter.Node) -> bool:
    """Whether a block stands before ``node`` in its parent, as before an ``else``."""
    if parent.child_count > _MAX_CHILDREN:
        return False
    before = (child for child in parent.children if child.end_byte <= node.start_byte)
    return any(child.type in tree.language.containers for child in before)


def _continues(tree: SyntaxTree, line: int) -> bool:
    """Whether ``line`` continues the statement of the line above."""
    above = content(tree.lines[line - 1])
    if not above.strip() or not tree.language.continues:
        return False
    if tree.language.blocks != "indent" and _LEADING_OPERATOR.match(tree.lines[line]):
        return True
    return bool(re.search(tree.language.continues, without_comments(tree.language, above)))
