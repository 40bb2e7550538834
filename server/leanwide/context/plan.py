"""Which lines of a file are worth their tokens, the best first.

The heads of what the cursor is in come first, then the definition around it, the imports that it
uses, the signatures of its siblings, and last whole siblings, the nearest first. At the top level,
and without a grammar, nearness decides.
"""

from __future__ import annotations

from collections.abc import Iterator

from attrs import frozen

from leanwide.context.view import View
from leanwide.syntax import Definition, Span, SyntaxTree, enclosing, imports, references, siblings


@frozen
class Part:
    """A run of lines, ``first`` up to, not including, ``last``."""

    first: int
    last: int
    whole: bool
    """All of its lines or none; otherwise as many as fit, from the end nearest to the cursor."""


@frozen
class Plan:
    """Lines in the order in which they are worth it."""

    before: tuple[Part, ...]
    """Above the cursor's line."""
    after: tuple[Part, ...]
    """Below the cursor's line."""
    folded: frozenset[int]
    """Last lines of signatures: where the line behind is left out, a body was."""
    fold_mark: str = "..."
    """What stands for a body that is left out."""

    def numbers(self) -> Iterator[int]:
        """Every line that may be chosen."""
        for part in (*self.before, *self.after):
            yield from range(part.first, part.last)


def plan_nearest(view: View, reach: int) -> Plan:
    """Plan by nearness, at most ``reach`` lines to each side."""
    return Plan(
        before=(Part(max(0, view.line - reach), view.line, whole=False),),
        after=(Part(view.line + 1, min(len(view.lines), view.line + 1 + reach), whole=False),),
        folded=frozenset(),
    )


def plan_syntax(view: View, tree: SyntaxTree, reach: int) -> Plan:
    """Plan by syntax, at most ``reach`` lines of what is near to each side."""
    around = enclosing(tree, (view.line, view.column))
    heads = [_head(definition) for definition in around[:-1]]
    own = [Part(around[-1].start.line, view.line, whole=False)] if around else []
    used = _imports_used(tree, around)
    nearby = plan_nearest(view, reach)
    brothers = sorted(
        (one for one in _siblings(tree, around) if one.end.line < view.line),
        key=lambda one: -one.end.line,
    )
    signatures = [_head(one) for one in brothers]
    neighbours = [Part(one.start.line, one.end.line + 1, whole=True) for one in brothers]
    last = neighbours if around else nearby.before
    parts = (*heads, *own, *used, *signatures, *last)
    return Plan(
        before=tuple(part for part in parts if part.first < part.last <= view.line),
        after=_after(view, around, nearby),
        folded=frozenset(part.last - 1 for part in (*heads, *signatures)),
        fold_mark="..." if tree.language.indented else f"{tree.language.comment} ...".lstrip(),
    )


def _head(definition: Definition) -> Part:
    return Part(definition.start.line, definition.signature_end.line + 1, whole=True)


def _siblings(tree: SyntaxTree, around: tuple[Definition, ...]) -> tuple[Definition, ...]:
    """What is defined beside the innermost definition, and beside the ones around it."""
    return tuple(one for definition in reversed(around) for one in siblings(tree, definition))


def _imports_used(tree: SyntaxTree, around: tuple[Definition, ...]) -> list[Part]:
    """Imports of names that the enclosing definition uses; all of them outside of definitions."""
    found = imports(tree)
    if around:
        names = set(references(tree, Span(around[-1].start, around[-1].end)))
        found = tuple(one for one in found if names.intersection(one.names))
    return [Part(one.span.start.line, one.span.end.line + 1, whole=True) for one in found]


def _after(view: View, around: tuple[Definition, ...], nearby: Plan) -> tuple[Part, ...]:
    """The rest of the enclosing definition, then what stands near."""
    rest_end = min(len(view.lines), around[-1].end.line + 1) if around else view.line + 1
    rest = Part(view.line + 1, rest_end, whole=False)
    return tuple(part for part in (rest, *nearby.after) if part.first < part.last)
