"""The tree as it would be without the statement that is being typed."""

from leanwide.syntax.statement import statement_start
from leanwide.syntax.text import Edit, Position, content, last_text, splice_of
from leanwide.syntax.tree import SyntaxTree


def mended(tree: SyntaxTree, position: tuple[int, int]) -> SyntaxTree:
    """Return `tree`, or where an error has swallowed what is around `position`, a tree without it.

    The lines of the statement up to `position` are left out then, their number stays, so that
    positions on other lines mean the same in both.
    """
    at = tree.clamp(position)
    start = statement_start(tree, at)
    if not tree.root.has_error or not _swallowed(tree, start, at):
        return tree
    margin = _margin(tree, start.line)
    edit = Edit(Position(start.line, margin), at, "\n" * (at.line - start.line))
    lines = list(tree.lines)
    splice = splice_of(lines, edit)
    lines[splice.first : splice.last] = splice.lines
    return tree.edited((), lines)


def _swallowed(tree: SyntaxTree, start: Position, at: Position) -> bool:
    """Whether an error around `at` starts before the statement does."""
    line, column = last_text(tree.lines, at)
    return any(
        node.is_error and node.start_point.row <= start.line
        for place in (Position(line, max(0, column - 1)), at)
        for node in tree.around(place)
    )


def _margin(tree: SyntaxTree, line: int) -> int:
    if line >= len(tree.lines):
        return 0
    text = content(tree.lines[line])
    return len(text) - len(text.lstrip())
