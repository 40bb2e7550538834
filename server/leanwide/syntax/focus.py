"""A tree of what stands around a place of a long text, where reading all of it would take long.

Broken code, which is what somebody types, can have the parser read everything that follows.
"""

from typing import Final

import tree_sitter

from leanwide.syntax.text import Position, content
from leanwide.syntax.tree import SyntaxTree, parse_part

_NEAR: Final = 50
"""Lines on either side that what is asked about a place may depend on."""
_BLANK: Final = "\n"
_MOST: Final = 300
"""Lines of a definition that is read whole."""


def focused(tree: SyntaxTree, line: int) -> SyntaxTree:
    """Read anew what stands around `line`, which is being typed; lines farther away are blank.

    The nodes of `tree` say what belongs together: they may have been moved without being read. The
    line itself is read last, so that brackets that it opens are taken as closed.
    """
    first, last = _section(tree, line)
    now = list(tree.lines)
    now[:first], now[last:] = [_BLANK] * first, [_BLANK] * (len(now) - last)
    before = [*now[:line], _BLANK, *now[line + 1 :]] if line < last else now
    return parse_part(tree.language, before, first, last).edited((), now)


def _section(tree: SyntaxTree, line: int) -> tuple[int, int]:
    """Return the lines near `line`, and all of what begins or ends among them, if that is short."""
    whole = [_widest(tree, near) for near in (line - _NEAR, line, line + _NEAR)]
    first, last = min(first for first, _ in whole), max(last for _, last in whole)
    here = min(line, len(tree.lines) - 1)
    return min(first, here), max(last, here + 1)  # the node at a blank line may begin below it


def _widest(tree: SyntaxTree, line: int) -> tuple[int, int]:
    """Return the lines of the largest node on `line` that is not too large."""
    line = max(0, min(line, len(tree.lines) - 1))
    if not tree.lines:
        return 0, 0
    if tree.given_up:
        return line, line + 1
    text = content(tree.lines[line])
    start = Position(line, len(text) - len(text.lstrip()))
    spans = map(_lines, tree.around(start))
    short = [(first, last) for first, last in spans if last - first <= _MOST]
    return short[-1] if short else (line, line + 1)


def _lines(node: tree_sitter.Node) -> tuple[int, int]:
    return node.start_point.row, node.end_point.row + 1
