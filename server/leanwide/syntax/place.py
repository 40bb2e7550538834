"""What kind of text a position is in."""

from __future__ import annotations

import re
from typing import Final, Literal

import tree_sitter

from leanwide.syntax.lexer import is_prelude, state_at_end, without_comments
from leanwide.syntax.outline import enclosing
from leanwide.syntax.statement import statement_start
from leanwide.syntax.text import Position, Span, content, indentation, split
from leanwide.syntax.tree import SyntaxTree

CompletionShape = Literal["line", "block"]
"""Whether a completion is the rest of a line, or the text up to where a block closes."""

_CLOSERS: Final = re.compile(r"[\s)\]}>\"'`;,:]*")
_CLASS_LIKE: Final = frozenset({"class", "interface", "implementation"})
_SEARCHED_LINES: Final = 50
"""Lines above or below that are searched for text."""


def in_comment(tree: SyntaxTree, position: tuple[int, int]) -> bool:
    """Whether text typed at ``position`` becomes part of a comment."""
    return _text_around(tree, tree.clamp(position)) == "comment"


def in_string(tree: SyntaxTree, position: tuple[int, int]) -> bool:
    """Whether text typed at ``position`` becomes part of a string."""
    return _text_around(tree, tree.clamp(position)) == "string"


def expects_block(tree: SyntaxTree, position: tuple[int, int]) -> bool:
    """Whether a block has just been opened before ``position`` and has no content yet."""
    at = tree.clamp(position)
    left, right = _sides(tree, at)
    if not _CLOSERS.fullmatch(right):
        return False
    if left.strip():
        if tree.language.blocks == "indent" and left[-1].isspace():
            return False
        return _opens(tree, at, tree.language.opener) and _is_empty_after(tree, at, right)
    line = _code_line_above(tree, at.line)
    if line is None:
        return False
    end = Position(line, len(content(tree.lines[line]).rstrip()))
    opened = _opens(tree, end, tree.language.opener) or (
        bool(tree.language.header) and _opens(tree, end, tree.language.header)
    )
    return opened and _is_empty_after(tree, end, "", at.line)


def completion_shape(tree: SyntaxTree, position: tuple[int, int]) -> CompletionShape:
    """Return whether a completion at ``position`` should be a line or a block."""
    at = tree.clamp(position)
    left, right = _sides(tree, at)
    if not _CLOSERS.fullmatch(right) or _text_around(tree, at) != "code":
        return "line"
    if expects_block(tree, at):
        return "block"
    if left.strip() or right.strip() or not tree.language.containers or at.line == 0:
        return "line"
    above = content(tree.lines[at.line - 1])
    if not above.strip():
        around = enclosing(tree, at)
        return "block" if not around or around[-1].kind in _CLASS_LIKE else "line"
    return "block" if is_prelude(tree.language, above) else "line"


def _sides(tree: SyntaxTree, at: Position) -> tuple[str, str]:
    line = content(tree.lines[at.line]) if at.line < len(tree.lines) else ""
    return line[: at.column], line[at.column :]


def _text_around(tree: SyntaxTree, at: Position) -> Literal["code", "comment", "string"]:
    """Return what ``at`` is in, by the tree, or by the line alone where the tree has errors."""
    language = tree.language
    left, _ = _sides(tree, at)
    before = Position(at.line, max(0, at.column - 1))
    around = tree.around(before, at)
    for node in around:
        if node.type in language.embedded:
            return "code"
        if node.type in language.comments:
            return "comment" if _reaches(tree, node, at) else "code"
        if node.type in language.strings and node.child_count != 1:
            span = tree.span_of(node)
            if span.start < at < span.end or (
                at == span.end and state_at_end(language, tree.text(span)) == "string"
            ):
                return "string"
        if node.is_error or (node.has_error and node.type not in language.containers):
            return state_at_end(language, left)
    ends_before = bool(left.strip()) and tree.position(tree.root.end_point) < at
    return state_at_end(language, left) if not around or ends_before else "code"


def _reaches(tree: SyntaxTree, comment: tree_sitter.Node, at: Position) -> bool:
    """Whether text at ``at``, inside or at the end of ``comment``, belongs to it."""
    span = tree.span_of(comment)
    if at < span.end:
        return span.start < at
    text = tree.text(span)
    return state_at_end(tree.language, text) == "comment" and not text.endswith(("\n", "\r"))


def _opens(tree: SyntaxTree, end: Position, pattern: str) -> bool:
    """Whether the statement up to ``end`` matches ``pattern``, its comments left out."""
    if not pattern:
        return False
    start = statement_start(tree, end)
    statement = without_comments(tree.language, tree.text(Span(start, end)))
    last = split(statement)[-1] if statement.strip() else ""
    return bool(re.search(pattern, statement) or re.search(pattern, last))


def _is_empty_after(
    tree: SyntaxTree, opener: Position, right: str, line: int | None = None
) -> bool:
    """Whether the block opened by the statement that ends at ``opener`` has no body."""
    if right.strip()[:1] in ("}", ")", "]"):
        return True
    start = statement_start(tree, opener).line
    depth = indentation(tree.lines[start])
    below = tree.lines[(opener.line if line is None else line) + 1 :]
    following = next((text for text in below[:_SEARCHED_LINES] if text.strip()), "")
    closer = tree.language.closer if tree.language.blocks == "words" else r"[)\]}]"
    closes = tree.language.blocks != "indent" and re.match(closer, following.lstrip())
    # The line that opens the block counts, which may be inside of the statement.
    if closes and indentation(following) <= indentation(tree.lines[opener.line]):
        return True
    if tree.language.blocks == "paragraphs":
        return not (below and below[0].strip()) or bool(
            re.match(tree.language.closer or "$", below[0].lstrip())
            or re.search(tree.language.opener, content(below[0]))
        )
    return not following or indentation(following) <= depth


def _code_line_above(tree: SyntaxTree, line: int) -> int | None:
    """Return the number of the nearest line above that holds code."""
    for number in range(line - 1, max(-1, line - _SEARCHED_LINES), -1):
        if without_comments(tree.language, content(tree.lines[number])).strip():
            return number
    return None
