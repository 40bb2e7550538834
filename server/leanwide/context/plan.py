"""Which lines of a file a window should have, the most useful first.

The heads of the definitions around the cursor come first, then the innermost one itself, the
imports that it uses, the signatures of its siblings, and last whole siblings, the nearest first.
At the top level and without a grammar, the nearest lines come first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, chain, islice
from typing import Final

from attrs import frozen

from leanwide.context.pages import Page
from leanwide.context.view import View
from leanwide.syntax import (
    Definition,
    Language,
    Span,
    SyntaxTree,
    earlier_siblings,
    enclosing,
    imports,
    references,
)

_LINE_TOKENS: Final = 4
"""Tokens of a line in a file of short lines. Counting more lines than fit would cost time at every
new position."""
_SIGNATURE_TOKENS: Final = 16
"""Tokens of a signature with the mark for its body, about: no more siblings than fit are read."""


@frozen
class TokenRoom:
    """The numbers of tokens to fill."""

    before: int
    """Above the cursor's line."""
    after: int
    """Below the cursor's line."""

    @property
    def lines_before(self) -> int:
        """The most lines above the cursor's line that may fit."""
        return self.before // _LINE_TOKENS

    @property
    def lines_after(self) -> int:
        """The most lines below the cursor's line that may fit."""
        return self.after // _LINE_TOKENS


@frozen
class LineRun:
    """A run of lines, ``first`` up to, not including, ``last``."""

    first: int
    last: int
    whole: bool
    """Whether all of its lines are taken or none; otherwise as many as fit, the nearest first."""


@frozen
class WindowPlan:
    """Runs of lines, the most useful first."""

    before: tuple[LineRun, ...]
    """Above the cursor's line."""
    after: tuple[LineRun, ...]
    """Below the cursor's line."""
    folded: frozenset[int]
    """Last lines of signatures: if the line after one is left out, a mark replaces the body."""
    fold_mark: str = "..."
    """The text that replaces a body."""

    def numbers(self) -> Iterator[int]:
        """Yield every line that may be chosen."""
        for run in (*self.before, *self.after):
            yield from range(run.first, run.last)


def plan_nearest(view: View, room: TokenRoom) -> WindowPlan:
    """Return a plan of the lines nearest to the cursor."""
    first, last = view.line - room.lines_before, view.line + 1 + room.lines_after
    return WindowPlan(
        before=(LineRun(max(0, first), view.line, whole=False),),
        after=(LineRun(view.line + 1, min(len(view.lines), last), whole=False),),
        folded=frozenset(),
    )


def plan_page(view: View, page: Page, room: TokenRoom) -> WindowPlan:
    """Return a plan of the page from where its windows begin, or less where that does not fit."""
    starts = (LineRun(first, view.line, whole=True) for first in (page.begins, page.first))
    return WindowPlan(
        before=(*starts, LineRun(page.first, view.line, whole=False)),
        after=plan_nearest(view, room).after,
        folded=frozenset(),
    )


def plan_syntax(view: View, tree: SyntaxTree, room: TokenRoom) -> WindowPlan:
    """Return a plan by syntax."""
    around = enclosing(tree, (view.line, view.column))
    heads = [_head(definition) for definition in around[:-1]]
    nearby = plan_nearest(view, room)
    own: list[LineRun] = []
    if around:
        first = max(around[-1].start.line, nearby.before[0].first)
        own.append(LineRun(first, view.line, whole=False))
    used = _imports_used(tree, around, view.line)
    taken = sum(run.last - run.first for run in (*heads, *own, *used))
    left = max(0, room.before - taken * _LINE_TOKENS)
    # Before the innermost definition, then before those around it.
    levels = (earlier_siblings(tree, definition) for definition in reversed(around))
    siblings = tuple(islice(chain.from_iterable(levels), left // _SIGNATURE_TOKENS))
    signatures = [_head(sibling) for sibling in siblings]
    last = _whole(siblings, room.lines_before) if around else nearby.before
    runs = (*heads, *own, *used, *signatures, *last)
    return WindowPlan(
        before=tuple(run for run in runs if run.first < run.last <= view.line),
        after=nearby.after,
        folded=frozenset(run.last - 1 for run in (*heads, *signatures)),
        fold_mark=_fold_mark(tree.language),
    )


def _fold_mark(language: Language) -> str:
    """Return what stands for folded lines: a statement where blocks need one, else a comment."""
    return "..." if language.blocks == "indent" else f"{language.comment} ...".lstrip()


def _head(definition: Definition) -> LineRun:
    return LineRun(definition.start.line, definition.signature_end.line + 1, whole=True)


def _whole(siblings: Sequence[Definition], most: int) -> list[LineRun]:
    """Return whole definitions, the nearest first, of at most ``most`` lines together."""
    spans = ((sibling.start.line, sibling.end.line + 1) for sibling in siblings)
    runs = [LineRun(first, last, whole=True) for first, last in spans if last - first <= most]
    lines = accumulate(run.last - run.first for run in runs)
    return [run for run, total in zip(runs, lines, strict=True) if total <= most]


def _imports_used(tree: SyntaxTree, around: tuple[Definition, ...], line: int) -> list[LineRun]:
    """Return the imports above ``line`` that the innermost definition uses; without one, all."""
    found = imports(tree, line)
    if around:
        names = set(references(tree, Span(around[-1].start, around[-1].end)))
        found = tuple(imported for imported in found if names.intersection(imported.names))
    spans = (imported.span for imported in found)
    return [LineRun(start.line, end.line + 1, whole=True) for start, end in spans]
