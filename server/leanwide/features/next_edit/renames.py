"""A name that was replaced where it is bound: its uses follow."""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator
from itertools import islice, takewhile
from typing import Final

import tree_sitter
from attrs import frozen

from leanwide.features.next_edit.calls import call_around, head_around
from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.features.next_edit.node_types import FUNCTIONS, SHORTHANDS
from leanwide.features.next_edit.occurrences import (
    Occurrence,
    Role,
    follows_member_operator,
    occurrence_at,
    occurrences,
)
from leanwide.features.next_edit.proposal import LinePiece, Proposal
from leanwide.features.next_edit.rewrites import Example
from leanwide.features.next_edit.tokens import are_similar, extends, texts, tokens_of
from leanwide.syntax import Span, SyntaxTree
from leanwide.syntax.matching import captured

_BINDING: Final = frozenset({Role.PARAMETER, Role.VARIABLE, Role.DEFINITION, Role.IMPORTED})
_MAX_USES: Final = 300
"""Uses of a name; nothing follows for more."""
_MIN_NAME: Final = 3
"""Characters of a name that follows where it may be another one."""
_OWN_MEMBER: Final = re.compile(r"\s*(self|this)(\.|->)")
_ASSIGNMENT: Final = re.compile(r"\s*(:[^=]*)?=(?!=)")
_ALWAYS_DEFINED: Final = frozenset(dir(builtins))
"""Names that mean something even where nothing binds them."""


@frozen(eq=False)
class Renaming:
    """A name that was replaced where it is bound."""

    tree: SyntaxTree
    old: str
    new: str
    place: Occurrence
    """Where the new name is bound."""

    @property
    def scope(self) -> Span | None:
        """Where the name means what it means at its place; None is the whole text."""
        function = self.place.function
        if self.place.role in (Role.MEMBER, Role.IMPORTED) or function is None:
            return None
        return self.tree.span_of(function)


def renaming(tree: SyntaxTree, example: Example) -> Renaming | None:
    """Return what was renamed in a changed line; None where no bound name was.

    Names that have nothing in common are taken as a rename only where nothing else of the line
    changed: otherwise it is another variable.
    """
    name, here = example.rewrite.name, example.first_new
    if name is None or here is None:
        return None
    place = occurrence_at(tree, here)
    if place is None or place.role in (Role.USE, Role.KEY):
        return None
    if place.role is Role.MEMBER and not _is_declared(tree, place.span):
        return None
    if place.role is Role.IMPORTED:
        is_rename = extends(*name)
    else:
        is_rename = are_similar(*name) or (example.is_all and example.change.is_pair)
    return Renaming(tree, *name, place) if is_rename else None


def renamed(renaming: Renaming) -> Iterator[Proposal]:
    """Yield the uses of the old name."""
    tree, place = renaming.tree, renaming.place
    found = list(islice(occurrences(tree, renaming.old, renaming.scope), _MAX_USES))
    if len(found) == _MAX_USES:
        return
    if place.role is Role.MEMBER:
        uses = [one for one in found if one.role is Role.MEMBER]
        if any(_is_declared(tree, one.span) for one in uses):
            return  # the old name is still defined
        certain = False
    else:
        uses = list(_uses(renaming, found))
        if any(_keeps_old_name(one, place) for one in uses):
            return
        certain = all(one.role is Role.USE for one in uses) and not _is_bound_outside(renaming)
    uses = [one for one in uses if renaming.new not in _names_on(tree, one.span.start.line)]
    if not certain and len(renaming.old) < _MIN_NAME:
        return
    kind = CandidateKind.IMPORT if place.role is Role.IMPORTED else CandidateKind.RENAME
    for use in uses:
        yield _proposal(renaming, use, kind, certain=certain)
    if place.role is Role.PARAMETER:
        yield from _passed_by_name(renaming)


def _proposal(
    renaming: Renaming, use: Occurrence, kind: CandidateKind, *, certain: bool
) -> Proposal:
    # A shorthand stands for a key and its value; some grammars have a node around its name.
    name = use.around[0]
    same = takewhile(lambda node: node.byte_range == name.byte_range, use.around)
    is_shorthand = any(node.type in SHORTHANDS for node in same)
    text = f"{renaming.old}: {renaming.new}" if is_shorthand else renaming.new
    return Proposal(
        line=use.span.start.line,
        pieces=(LinePiece(use.span.start.column, use.span.end.column, text),),
        kind=kind,
        certain=certain,
        reason=f"`{renaming.old}` is now `{renaming.new}`",
    )


def _passed_by_name(renaming: Renaming) -> Iterator[Proposal]:
    """Yield where a renamed parameter is passed by name to its function."""
    tree = renaming.tree
    head = head_around(tree, renaming.place.span)
    for one in occurrences(tree, renaming.old) if head is not None and head.last_name else ():
        if one.role is Role.KEY:
            call = call_around(tree, one.span)
            if call is not None and head is not None and call.last_name == head.last_name:
                yield _proposal(renaming, one, CandidateKind.ARGUMENT, certain=False)


def _is_declared(tree: SyntaxTree, span: Span) -> bool:
    """Whether a member is defined at a span: in a class, or by an assignment to ``self``."""
    if not follows_member_operator(tree, span):
        return True
    line = tree.lines[span.start.line]
    head, tail = line[: span.start.column], line[span.end.column :]
    return bool(_OWN_MEMBER.fullmatch(head) and _ASSIGNMENT.match(tail))


def _keeps_old_name(one: Occurrence, place: Occurrence) -> bool:
    """Whether the old name is still bound: then it means something else than the new one.

    A parameter may be assigned to.
    """
    return one.role in _BINDING and (one.role, place.role) != (Role.VARIABLE, Role.PARAMETER)


def _names_on(tree: SyntaxTree, line: int) -> tuple[str, ...]:
    return texts(tokens_of([tree.lines[line]]))


def _uses(renaming: Renaming, found: list[Occurrence]) -> Iterator[Occurrence]:
    """Yield those of ``found`` that mean what the name means at its place."""
    binds: dict[tuple[int, int], bool] = {}
    # Class bodies that declare a member of that name: there the name may mean the member.
    hiding = {
        one.class_scope.byte_range
        for one in found
        if one.class_scope is not None
        and one.role is Role.MEMBER
        and not follows_member_operator(renaming.tree, one.span)
    }
    for one in found:
        if one.role in (Role.MEMBER, Role.KEY) or one.is_command is not renaming.place.is_command:
            continue
        if one.class_scope is not None and one.class_scope.byte_range in hiding:
            continue
        inner = _functions_inside(one, renaming.place.function)
        for function in inner:
            if function.byte_range not in binds:
                binds[function.byte_range] = _binds(renaming.tree, function, renaming.old)
        if not any(binds[function.byte_range] for function in inner):
            yield one


def _functions_inside(one: Occurrence, outer: tree_sitter.Node | None) -> list[tree_sitter.Node]:
    found = []
    for node in one.around:
        if outer is not None and node.byte_range == outer.byte_range:
            break
        if node.type in FUNCTIONS:
            found.append(node)
    return found


def _binds(tree: SyntaxTree, function: tree_sitter.Node, name: str) -> bool:
    """Whether a function has a parameter or variable of that name."""
    own = function.child_by_field_name("name")
    return any(
        tree.text(tree.span_of(node)) == name and (own is None or node != own)
        for node in captured(tree, "scopes", "local", tree.span_of(function))
    )


def _is_bound_outside(renaming: Renaming) -> bool:
    """Whether the old name means something where its scope does not bind it."""
    scope = renaming.scope
    if renaming.old in _ALWAYS_DEFINED:
        return True
    return scope is not None and any(
        one.role in _BINDING and one.function is None and not scope.holds(one.span)
        for one in occurrences(renaming.tree, renaming.old)
    )
