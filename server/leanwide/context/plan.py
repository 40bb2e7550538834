"""Which lines of a file are worth their tokens, the best first.

The heads of what the cursor is in come first, then the definition around it, the imports that it
uses, the signatures of its siblings, and last whole siblings, the nearest first. At the top level,
and without a grammar, nearness decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, islice
from typing import Final

from attrs import evolve, frozen

from leanwide.context.pages import Page
from leanwide.context.view import View
from leanwide.syntax import (
    Definition,
    Span,
    SyntaxTree,
    earlier_siblings,
    enclosing,
    imports,
    references,
)

_LINE_TOKENS: Final = 4
"""What a line takes in a file of short ones: to count more of them than fit costs time at every new
place."""
_SIGNATURE_TOKENS: Final = 16
"""What a signature takes with the mark for its body, about: no more siblings than fit are read."""


@frozen
class TokenRoom:
    """Tokens to fill."""

    before: int
    """Above the cursor's line."""
    after: int
    """Below the cursor's line."""

    @property
    def lines_before(self) -> int:
        """Lines above the cursor's that are worth counting."""
        return self.before // _LINE_TOKENS

    @property
    def lines_after(self) -> int:
        """Lines below the cursor's that are worth counting."""
        return self.after // _LINE_TOKENS


@frozen
class LineRun:
    """A run of lines, ``first`` up to, not including, ``last``."""

    first: int
    last: int
    whole: bool
    """All of its lines or none; otherwise as many as fit, from the end nearest to the cursor."""


@frozen
class WindowPlan:
    """Lines in the order in which they are worth it."""

    before: tuple[LineRun, ...]
    """Above the cursor's line."""
    after: tuple[LineRun, ...]
    """Below the cursor's line."""
    folded: frozenset[int]
    """Last lines of signatures: where the line behind is left out, a body was."""
    fold_mark: str = "..."
    """What stands for a body that is left out."""

    def numbers(self) -> Iterator[int]:
        """Every line that may be chosen."""
        for part in (*self.before, *self.after):
            yield from range(part.first, part.last)


def plan_nearest(view: View, room: TokenRoom) -> WindowPlan:
    """Plan by nearness."""
    first, last = view.line - room.lines_before, view.line + 1 + room.lines_after
    return WindowPlan(
        before=(LineRun(max(0, first), view.line, whole=False),),
        after=(LineRun(view.line + 1, min(len(view.lines), last), whole=False),),
        folded=frozenset(),
    )


def plan_page(view: View, page: Page, room: TokenRoom) -> WindowPlan:
    """Plan the page from where its windows begin, or less where that does not fit."""
    starts = (LineRun(first, view.line, whole=True) for first in (page.begins, page.first))
    return WindowPlan(
        before=(*starts, LineRun(page.first, view.line, whole=False)),
        after=plan_nearest(view, room).after,
        folded=frozenset(),
    )


def plan_syntax(view: View, tree: SyntaxTree, room: TokenRoom) -> WindowPlan:
    """Plan by syntax."""
    around = enclosing(tree, (view.line, view.column))
    heads = [_head(definition) for definition in around[:-1]]
    nearby = plan_nearest(view, room)
    own = [_cut(LineRun(around[-1].start.line, view.line, whole=False), nearby)] if around else []
    used = _imports_used(tree, around, view.line)
    taken = sum(part.last - part.first for part in (*heads, *own, *used))
    left = max(0, room.before - taken * _LINE_TOKENS)
    brothers = _siblings(tree, around, left // _SIGNATURE_TOKENS)
    signatures = [_head(one) for one in brothers]
    last = _whole(brothers, room.lines_before) if around else nearby.before
    parts = (*heads, *own, *used, *signatures, *last)
    return WindowPlan(
        before=tuple(part for part in parts if part.first < part.last <= view.line),
        after=nearby.after,
        folded=frozenset(part.last - 1 for part in (*heads, *signatures)),
        fold_mark="..." if tree.language.indented else f"{tree.language.comment} ...".lstrip(),
    )


def _head(definition: Definition) -> LineRun:
    return LineRun(definition.start.line, definition.signature_end.line + 1, whole=True)


def _siblings(
    tree: SyntaxTree, around: tuple[Definition, ...], most: int
) -> tuple[Definition, ...]:
    """What is defined before the innermost definition, and before the ones around it."""
    levels = (earlier_siblings(tree, definition) for definition in reversed(around))
    return tuple(islice(chain.from_iterable(levels), most))


def _whole(brothers: Sequence[Definition], most: int) -> list[LineRun]:
    """Whole definitions, the nearest first, while they have at most so many lines together."""
    spans = ((one.start.line, one.end.line + 1) for one in brothers)
    parts = [LineRun(first, last, whole=True) for first, last in spans if last - first <= most]
    lines = accumulate(part.last - part.first for part in parts)
    return [part for part, total in zip(parts, lines, strict=True) if total <= most]


def _cut(part: LineRun, nearby: WindowPlan) -> LineRun:
    """The end of a part above the cursor that is near."""
    return evolve(part, first=max(part.first, nearby.before[0].first))


def _imports_used(tree: SyntaxTree, around: tuple[Definition, ...], line: int) -> list[LineRun]:
    """Imports above a line of names that the definition around uses; outside of any, all."""
    found = imports(tree, line)
    if around:
        names = set(references(tree, Span(around[-1].start, around[-1].end)))
        found = tuple(one for one in found if names.intersection(one.names))
    return [LineRun(one.span.start.line, one.span.end.line + 1, whole=True) for one in found]
