"""Calls in a document, and their arguments."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

import tree_sitter
from attrs import frozen

from leanwide.features.next_edit.node_types import ARGUMENTS, CALLS, FUNCTIONS, PARAMETERS
from leanwide.features.next_edit.tokenized import TokenizedDocument
from leanwide.syntax import Position, Span, SyntaxTree

_MAX_CALLS: Final = 60
_LAST_NAME: Final = re.compile(r"[\w$]+(?=[!?]?$)")


@frozen
class Call:
    """A call, or the head of a function with its parameters."""

    name: str
    """What is called, with the object before it."""
    inside: Span
    """From behind the opening bracket to the closing one."""
    arguments: tuple[Span, ...]

    @property
    def last_name(self) -> str:
        """The name of the function or method."""
        found = _LAST_NAME.search(self.name)
        return found[0] if found else ""

    def index_in(self, span: Span) -> int | None:
        """Return the only argument that lies in ``span``; None for none, or several."""
        found = [number for number, one in enumerate(self.arguments) if span.holds(one)]
        return found[0] if len(found) == 1 else None


def call_around(tree: SyntaxTree, span: Span) -> Call | None:
    """Return the innermost call that has ``span`` among its arguments."""
    return _innermost(tree, span, ARGUMENTS, CALLS)


def head_around(tree: SyntaxTree, span: Span) -> Call | None:
    """Return the head of the innermost function that has ``span`` among its parameters."""
    return _innermost(tree, span, PARAMETERS, FUNCTIONS)


def calls(document: TokenizedDocument, name: str) -> Iterator[Call]:
    """Yield the calls of ``name``, at most 60, in the order of the text."""
    tree, found = document.tree, 0
    for line in document.lines_with(name):
        tokens = document.tokens(line)
        for token, following in pairwise(tokens):
            if token.text == name and following.text == "(":
                inside = Position(line, following.end)
                call = call_around(tree, following.span)
                if call is not None and call.last_name == name and call.inside.start == inside:
                    found += 1
                    yield call
        if found >= _MAX_CALLS:
            return


def _innermost(
    tree: SyntaxTree, span: Span, lists: frozenset[str], owners: frozenset[str]
) -> Call | None:
    around = tree.around(span.start, span.end)
    for number, node in enumerate(around):
        if node.type in lists:
            owner = next((one for one in around[number + 1 :] if one.type in owners), None)
            return _call(tree, owner, node) if owner is not None else None
        if node.type in FUNCTIONS:
            return None
    return None


def _call(tree: SyntaxTree, owner: tree_sitter.Node, inside: tree_sitter.Node) -> Call | None:
    start, end = tree.span_of(inside)
    name = owner.child_by_field_name("name")
    first = tree.span_of(name if name is not None and owner.type in FUNCTIONS else owner).start
    last = tree.span_of(name).end if name is not None and owner.type in FUNCTIONS else start
    if first.line != last.line:
        return None
    text = tree.text(Span(first, last)).strip()
    arguments = tuple(
        tree.span_of(child)
        for child in inside.named_children
        if child.type not in tree.language.comments
    )
    return Call(
        text,
        Span(Position(start.line, start.column + 1), Position(end.line, max(0, end.column - 1))),
        arguments,
    )
