"""What kind of place the cursor is in."""

import re
from typing import Final, Literal

import attrs
import tree_sitter

from leanwide.syntax.outline import enclosing
from leanwide.syntax.statement import statement_start
from leanwide.syntax.text import Position, Span, content, indentation, split
from leanwide.syntax.tree import SyntaxTree

from . import lexer

Shape = Literal["line", "block"]
"""Whether a completion is the rest of a line, or what follows until a block closes."""

_CLOSERS: Final = re.compile(r"[\s)\]}>\"'`;,:]*")
_CLASS_LIKE: Final = frozenset({"class", "interface", "implementation"})


@attrs.frozen(kw_only=True)
class SyntaxPlace:
    """All that `place.py` knows about a position."""

    position: Position
    statement_start: Position
    in_comment: bool
    in_string: bool
    expects_block: bool
    shape: Shape


def place(tree: SyntaxTree, position: tuple[int, int]) -> SyntaxPlace:
    """Answer every question of this module for `position`."""
    at = tree.clamp(position)
    return SyntaxPlace(
        position=at,
        statement_start=statement_start(tree, at),
        in_comment=in_comment(tree, at),
        in_string=in_string(tree, at),
        expects_block=expects_block(tree, at),
        shape=shape(tree, at),
    )


def in_comment(tree: SyntaxTree, position: tuple[int, int]) -> bool:
    """Whether what is typed at `position` becomes part of a comment."""
    return _text_around(tree, tree.clamp(position)) == "comment"


def in_string(tree: SyntaxTree, position: tuple[int, int]) -> bool:
    """Whether what is typed at `position` becomes part of a string."""
    return _text_around(tree, tree.clamp(position)) == "string"


def expects_block(tree: SyntaxTree, position: tuple[int, int]) -> bool:
    """Whether a block has just been opened before `position` and has no content yet."""
    at = tree.clamp(position)
    left, right = _sides(tree, at)
    if not _CLOSERS.fullmatch(right):
        return False
    if left.strip():
        if tree.language.indented and left[-1].isspace():
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


def shape(tree: SyntaxTree, position: tuple[int, int]) -> Shape:
    """Return whether a line or a block is wanted at `position`."""
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
    return "block" if _announces(tree, above) else "line"


def _sides(tree: SyntaxTree, at: Position) -> tuple[str, str]:
    line = content(tree.lines[at.line]) if at.line < len(tree.lines) else ""
    return line[: at.column], line[at.column :]


def _text_around(tree: SyntaxTree, at: Position) -> Literal["code", "comment", "string"]:
    """Ask the tree, and where it is broken, the line."""
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
                at == span.end and lexer.state(language, tree.text(span)) == "string"
            ):
                return "string"
        if node.is_error or (node.has_error and node.type not in language.containers):
            return lexer.state(language, left)
    if not around:
        return lexer.state(language, left)
    return "code" if not left.strip() else _unclosed(tree, left, at)


def _unclosed(tree: SyntaxTree, left: str, at: Position) -> Literal["code", "comment", "string"]:
    """Return the state of a line whose tree may end before `at`."""
    if tree.position(tree.root.end_point) >= at:
        return "code"
    return lexer.state(tree.language, left)


def _reaches(tree: SyntaxTree, comment: tree_sitter.Node, at: Position) -> bool:
    """Whether text at `at`, inside or at the end of `comment`, belongs to it."""
    span = tree.span_of(comment)
    if at < span.end:
        return span.start < at
    text = tree.text(span)
    return lexer.state(tree.language, text) == "comment" and not text.endswith(("\n", "\r"))


def _opens(tree: SyntaxTree, end: Position, pattern: str) -> bool:
    """Whether the statement up to `end` matches `pattern`, its comments left out."""
    if not pattern:
        return False
    start = statement_start(tree, end)
    statement = lexer.code(tree.language, tree.text(Span(start, end)))
    last = split(statement)[-1] if statement.strip() else ""
    return bool(re.search(pattern, statement) or re.search(pattern, last))


def _is_empty_after(
    tree: SyntaxTree, opener: Position, right: str, line: int | None = None
) -> bool:
    """Whether no body stands after the block opened by the statement that ends at `opener`."""
    if right.strip()[:1] in ("}", ")", "]"):
        return True
    start = statement_start(tree, opener).line
    depth = indentation(tree.lines[start])
    below = tree.lines[(opener.line if line is None else line) + 1 :]
    following = next((one for one in below[:50] if one.strip()), "")
    if tree.language.blocks == "paragraphs":
        return not (below and below[0].strip()) or bool(
            re.match(tree.language.closer or "$", below[0].lstrip())
            or re.search(tree.language.opener, content(below[0]))
        )
    return not following or indentation(following) <= depth


def _code_line_above(tree: SyntaxTree, line: int) -> int | None:
    """Return the nearest line above that holds code."""
    for number in range(line - 1, max(-1, line - 50), -1):
        if lexer.code(tree.language, content(tree.lines[number])).strip():
            return number
    return None


def _announces(tree: SyntaxTree, line: str) -> bool:
    """Whether `line` is a comment, or a decorator or the like, by itself."""
    rest = lexer.code(tree.language, line).strip()
    prelude = tree.language.prelude
    return not rest or bool(prelude and re.match(prelude, rest))
