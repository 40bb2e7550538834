"""A tree of the lines around a position, for texts so long that parsing all of them is slow.

Unfinished code can make the parser read everything that follows it again.
"""

from __future__ import annotations

from typing import Final

from leanwide.syntax.text import Position, content
from leanwide.syntax.tree import SyntaxTree, parse_part

_CONTEXT_LINES: Final = 50
"""Lines on either side that an answer about a position may depend on."""
_BLANK: Final = "\n"
_MAX_NODE_LINES: Final = 300
"""Lines of a definition that is parsed whole."""


def focused(tree: SyntaxTree, line: int) -> SyntaxTree:
    """Return a tree of the text around ``line``, parsed from scratch; lines farther away are blank.

    The nodes of ``tree``, which may have been moved without parsing, give the extent of definitions
    around it. ``line`` is being typed: it is parsed last, so that brackets that it opens are taken
    as closed.
    """
    wanted = (line - _CONTEXT_LINES, line, line + _CONTEXT_LINES)
    whole = [_largest_node(tree, number) for number in wanted]
    here = min(line, len(tree.lines) - 1)  # the node at a blank line may begin below it
    first = min(here, *(first for first, _ in whole))
    last = max(here + 1, *(last for _, last in whole))
    now = list(tree.lines)
    now[:first], now[last:] = [_BLANK] * first, [_BLANK] * (len(now) - last)
    before = [*now[:line], _BLANK, *now[line + 1 :]] if line < last else now
    return parse_part(tree.language, before, first, last).edited(now)


def _largest_node(tree: SyntaxTree, line: int) -> tuple[int, int]:
    """Return the lines of the largest node on ``line`` that is not too large."""
    line = max(0, min(line, len(tree.lines) - 1))
    if not tree.lines:
        return 0, 0
    if tree.given_up:
        return line, line + 1
    text = content(tree.lines[line])
    start = Position(line, len(text) - len(text.lstrip()))
    spans = [(node.start_point.row, node.end_point.row + 1) for node in tree.around(start)]
    short = [(first, last) for first, last in spans if last - first <= _MAX_NODE_LINES]
    return short[-1] if short else (line, line + 1)
