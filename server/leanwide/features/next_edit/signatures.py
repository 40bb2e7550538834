"""A parameter that was added to a function: calls that can pass it follow."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from leanwide.features.next_edit.arguments import insertion
from leanwide.features.next_edit.calls import Call, calls, head_around
from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.features.next_edit.node_types import FUNCTIONS
from leanwide.features.next_edit.proposal import LinePiece, Proposal
from leanwide.features.next_edit.rewrites import Example
from leanwide.features.next_edit.tokenized import TokenizedDocument
from leanwide.syntax import Span, SyntaxTree
from leanwide.syntax.matching import captured

_OPTIONAL: Final = ("=", "*", "...", "?")
"""What tells a parameter that calls need not pass."""
_RECEIVERS: Final = ("self", "&self", "&mut self", "mut self", "cls")


def parameter_added(document: TokenizedDocument, example: Example) -> Iterator[Proposal]:
    """Yield calls with one argument too few, where a variable has the new parameter's name."""
    tree, span = document.tree, example.new_span
    if example.rewrite.old or span is None:
        return
    head = head_around(tree, span)
    index = head.index_in(span) if head is not None else None
    if head is None or index is None or not head.last_name:
        return
    own = head.arguments[index]
    names = [tree.text(tree.span_of(node)) for node in captured(tree, "scopes", "local", own)]
    if len(names) != 1 or any(sign in tree.text(own) for sign in _OPTIONAL):
        return
    receiver = int(tree.text(head.arguments[0]) in _RECEIVERS)
    for call in calls(document, head.last_name):
        if len(call.arguments) == len(head.arguments) - 1 - receiver and _knows(
            tree, call, names[0]
        ):
            at, text = insertion(call, index - receiver, names[0])
            yield Proposal(
                line=at.line,
                pieces=(LinePiece(at.column, at.column, text),),
                kind=CandidateKind.ARGUMENT,
                reason=f"`{call.last_name}` has the new parameter `{names[0]}`",
            )


def _knows(tree: SyntaxTree, call: Call, name: str) -> bool:
    """Whether a function around a call has a parameter or variable of that name."""
    before_call = (
        Span(tree.span_of(function).start, call.inside.start)
        for function in tree.around(call.inside.start, call.inside.end)
        if function.type in FUNCTIONS
    )
    return any(
        tree.text(tree.span_of(node)) == name
        for span in before_call
        for node in captured(tree, "scopes", "local", span)
    )
