"""Which lines a question is about: the selection, or what the cursor is in."""

from __future__ import annotations

from attrs import frozen

from leanwide.context.view import View
from leanwide.syntax import Span, SyntaxTree, enclosing


@frozen(kw_only=True)
class Passage:
    """Whole lines of a document."""

    first: int
    last: int
    """The line after its last one."""
    focus: str = ""
    """The selected part of a line; "" for whole lines."""


def choose_passage(view: View, selection: Span, tree: SyntaxTree | None) -> Passage | None:
    """Return the lines that a question is about; None where there is only white space.

    An empty selection means the definition around it, or else the paragraph.
    """
    if selection.start == selection.end:
        return _at_cursor(view, tree)
    return _selected(view, selection)


def _selected(view: View, selection: Span) -> Passage | None:
    start, end = selection
    last = end.line if end.column == 0 and end.line > start.line else end.line + 1
    first, last = start.line, min(last, len(view.lines))
    while first < last and not _has_text(view, first):
        first += 1
    while last > first and not _has_text(view, last - 1):
        last -= 1
    if first == last:
        return None
    if start.line != end.line:
        return Passage(first=first, last=last)
    focus = view.lines[start.line][start.column : end.column].strip()
    if not focus:
        return None
    whole = focus == view.lines[start.line].strip()
    return Passage(first=first, last=last, focus="" if whole else focus)


def _at_cursor(view: View, tree: SyntaxTree | None) -> Passage | None:
    around = enclosing(tree, (view.line, view.column)) if tree is not None else ()
    if around:
        inner = around[-1]
        return Passage(first=inner.start.line, last=min(inner.end.line + 1, len(view.lines)))
    first = last = view.line
    while first > 0 and _has_text(view, first - 1) and _has_text(view, view.line):
        first -= 1
    while _has_text(view, last):
        last += 1
    return Passage(first=first, last=last) if first < last else None


def _has_text(view: View, line: int) -> bool:
    return line < len(view.lines) and bool(view.lines[line].strip())
