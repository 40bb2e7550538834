"""A name that was replaced where it is bound: its uses follow."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from typing import Final

import tree_sitter

from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.features.next_edit.node_types import FUNCTIONS, SHORTHANDS
from leanwide.features.next_edit.occurrences import Occurrence, Role, occurrences
from leanwide.features.next_edit.proposal import Proposal
from leanwide.syntax import Span, SyntaxTree
from leanwide.syntax.matching import captured

_BINDING: Final = frozenset({Role.PARAMETER, Role.VARIABLE, Role.DEFINITION, Role.IMPORTED})
_ALWAYS_DEFINED: Final = frozenset(dir(builtins))
"""Names that mean something even where nothing binds them."""


def renamed(tree: SyntaxTree, old: str, new: str, place: Occurrence) -> Iterator[Proposal]:
    """Yield the uses of ``old``, which is now ``new`` at ``place``, where it is bound."""
    scope = _scope(tree, place)
    found = [one for one in occurrences(tree, old, scope) if one.span != place.span]
    if place.role is Role.MEMBER:
        uses = [one for one in found if one.role is Role.MEMBER]
        certain = False
        if any(is_declared(tree, one) for one in uses):
            return
    else:
        uses = list(_uses(tree, old, place, found))
        if any(one.role in _BINDING - {Role.VARIABLE} for one in uses):
            return  # the old name is still there
        if any(one.role is Role.VARIABLE and one.span < place.span for one in uses):
            return
        certain = not any(one.role is Role.VARIABLE for one in uses) and not _is_bound_outside(
            tree, old, scope
        )
    for use in uses:
        yield Proposal(
            span=use.span,
            text=f"{old}: {new}" if use.around[0].type in SHORTHANDS else new,
            kind=CandidateKind.IMPORT if place.role is Role.IMPORTED else CandidateKind.RENAME,
            certain=certain,
            reason=f"`{old}` is now `{new}`",
            rule=f"rename {place.role.name} {use.role.name} {certain}",
        )


def _scope(tree: SyntaxTree, place: Occurrence) -> Span | None:
    """Return where the name means what it means at ``place``; None is the whole text."""
    if place.role in (Role.MEMBER, Role.IMPORTED) or place.function is None:
        return None
    return tree.span_of(place.function)


def _uses(
    tree: SyntaxTree, name: str, place: Occurrence, found: list[Occurrence]
) -> Iterator[Occurrence]:
    """Yield those of ``found`` that mean what the name means at ``place``."""
    own = place.function
    binds: dict[tuple[int, int], bool] = {}
    for one in found:
        if one.role in (Role.MEMBER, Role.KEY):
            continue
        inner = _functions_inside(one, own)
        for function in inner:
            if function.byte_range not in binds:
                binds[function.byte_range] = _binds(tree, function, name)
        if not any(binds[function.byte_range] for function in inner):
            yield one


def _functions_inside(
    one: Occurrence, outer: tree_sitter.Node | None
) -> list[tree_sitter.Node]:
    found = []
    for node in one.around:
        if outer is not None and node.byte_range == outer.byte_range:
            break
        if node.type in FUNCTIONS:
            found.append(node)
    return found


def _binds(tree: SyntaxTree, function: tree_sitter.Node, name: str) -> bool:
    """Whether a function has a parameter or variable of that name."""
    span = tree.span_of(function)
    own = function.child_by_field_name("name")
    return any(
        tree.text(tree.span_of(node)) == name and (own is None or node != own)
        for node in captured(tree, "scopes", "local", span)
    )


def _is_bound_outside(tree: SyntaxTree, name: str, scope: Span | None) -> bool:
    """Whether the name means something where the scope does not bind it."""
    if name in _ALWAYS_DEFINED:
        return True
    if scope is None:
        return False
    return any(
        one.role in _BINDING and one.function is None and not scope.holds(one.span)
        for one in occurrences(tree, name)
    )


def is_declared(tree: SyntaxTree, member: Occurrence) -> bool:
    """Whether a member is defined where it stands: as a method, or as a field."""
    return not _follows_dot(tree, member.span)


def _follows_dot(tree: SyntaxTree, span: Span) -> bool:
    from leanwide.features.next_edit.occurrences import follows_member_operator

    return follows_member_operator(tree, span)
