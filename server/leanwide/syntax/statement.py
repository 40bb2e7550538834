"""Where the statement at the cursor begins."""

import re
from functools import cache
from itertools import pairwise
from typing import Final

import tree_sitter

from leanwide.syntax.languages import Language
from leanwide.syntax.lexer import code
from leanwide.syntax.matching import captured_by
from leanwide.syntax.text import Position, Span, content
from leanwide.syntax.tree import SyntaxTree

_LIMIT: Final = 20
_BRACKETS: Final = ("(", ")", "[", "]", "{", "}", "${", "$(", "#{")
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}
_LEADING_OPERATOR: Final = re.compile(r"\s*(\?\.|\.(?!\.)|&&|\|\||->|::)")


def statement_start(tree: SyntaxTree, position: tuple[int, int]) -> Position:
    """Return the start of the line on which the statement at `position` begins.

    Broken code around the cursor does not matter. Statements of more than 20 lines, strings and
    comments of several lines, and languages without statements answer the line of the cursor.
    """
    at = tree.clamp(position)
    own = Position(at.line, 0)
    if not tree.language.containers or at.line >= len(tree.lines) or tree.starts_in_text(at.line):
        return own
    line = min(_by_brackets(tree, at), _by_node(tree, at))
    floor = max(0, at.line - _LIMIT)
    while line > floor and _continues(tree, line):
        line = _by_node(tree, Position(line - 1, len(content(tree.lines[line - 1]).rstrip())))
    return Position(line, 0) if line >= floor else own


def open_brackets(tree: SyntaxTree, span: Span) -> list[tuple[str, Position]]:
    """Return the brackets of code that are opened and not closed in `span`, outermost first."""
    inside = captured_by(tree, _bracket_query(tree.language), "bracket", span)
    stack: list[tuple[str, Position]] = []
    for node in sorted(inside, key=lambda one: one.start_byte):
        bracket = node.type[-1]
        if bracket not in _PAIRS:
            stack.append((bracket, tree.position(node.start_point)))
        elif stack and stack[-1][0] == _PAIRS[bracket] and not node.is_missing:
            stack.pop()
    return stack


@cache
def _bracket_query(language: Language) -> tree_sitter.Query:
    grammar = language.grammar()
    known = (f'"{one}"' for one in _BRACKETS if grammar.id_for_node_kind(one, False))
    return tree_sitter.Query(grammar, f"[{' '.join(known)}] @bracket")


def _by_brackets(tree: SyntaxTree, at: Position) -> int:
    """Return the line of the outermost bracket around `at` that is not a block's."""
    line = at.line
    for bracket, where in reversed(
        open_brackets(tree, Span(Position(max(0, line - _LIMIT), 0), at))
    ):
        if bracket == "{" and tree.language.blocks != "indent":
            break
        line = where.line
    return line


def _by_node(tree: SyntaxTree, at: Position) -> int:
    """Return the line of the node before `at` that stands for a statement or a clause."""
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
    if parent.child_count > _LIMIT:
        return False
    before = (one for one in parent.children if one.end_byte <= node.start_byte)
    return any(one.type in tree.language.containers for one in before)


def _continues(tree: SyntaxTree, line: int) -> bool:
    """Whether `line` goes on with the statement of the line above."""
    above = content(tree.lines[line - 1])
    if not above.strip() or not tree.language.continues:
        return False
    if tree.language.blocks != "indent" and _LEADING_OPERATOR.match(tree.lines[line]):
        return True
    return bool(re.search(tree.language.continues, code(tree.language, above)))
