"""An argument that was added, dropped or changed at a call: other calls of the function follow."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from leanwide.features.next_edit.calls import Call, call_around, calls
from leanwide.features.next_edit.candidate import CandidateKind
from leanwide.features.next_edit.proposal import LinePiece, Proposal
from leanwide.features.next_edit.rewrites import Example, Part
from leanwide.features.next_edit.tokenized import TokenizedDocument
from leanwide.syntax import Position, Span

_KEYWORD: Final = re.compile(r"\s*(\w+)\s*[=:](?!=)")


def argument_changes(document: TokenizedDocument, example: Example) -> Iterator[Proposal]:
    """Yield what follows from one changed part of a call at other calls of the same function."""
    if len(example.rewrite.parts) != 1:
        return
    (part,) = example.rewrite.parts
    span = example.new_span
    call = call_around(document.tree, span) if span is not None else None
    if call is None or span is None or not call.last_name:
        return
    others = [one for one in calls(document, call.last_name) if one.inside != call.inside]
    others = [one for one in others if one.name == call.name]
    if not part.old:
        yield from _added(document, call, span, others)
    elif not part.new:
        yield from _dropped(document, call, part, others)


def _added(
    document: TokenizedDocument, call: Call, span: Span, others: list[Call]
) -> Iterator[Proposal]:
    index = call.index_in(span)
    if index is None:
        return
    tree = document.tree
    text = tree.text(call.arguments[index])
    keyword = _KEYWORD.match(text)
    for one in others:
        known = [tree.text(argument) for argument in one.arguments]
        if len(known) != len(call.arguments) - 1 or text in known:
            continue
        keywords = (_KEYWORD.match(argument) for argument in known)
        if keyword and any(found and found[1] == keyword[1] for found in keywords):
            continue
        at, added = insertion(one, index, text)
        yield Proposal(
            line=at.line,
            pieces=(LinePiece(at.column, at.column, added),),
            kind=CandidateKind.ARGUMENT,
            reason=f"`{call.last_name}` is now called with `{text}`",
        )


def insertion(call: Call, index: int, text: str) -> tuple[Position, str]:
    """Return where an argument is inserted, and its text with the comma."""
    if index:
        return call.arguments[index - 1].end, f", {text}"
    if call.arguments:
        return call.arguments[0].start, f"{text}, "
    return call.inside.start, text


def _dropped(
    document: TokenizedDocument, call: Call, part: Part, others: list[Call]
) -> Iterator[Proposal]:
    """Yield calls that pass what was dropped."""
    old = part.old
    if old[0] == ",":
        dropped = old[1:]
    elif old[-1] == ",":
        dropped = old[:-1]
    else:
        dropped = old if not call.arguments else ()
    text = "".join(dropped)
    for one in others:
        for number, argument in enumerate(one.arguments):
            if text and "".join(document.tree.text(argument).split()) == text:
                yield from _without(document, one, number)


def _without(document: TokenizedDocument, one: Call, number: int) -> Iterator[Proposal]:
    """Yield the call without one argument, where that is on one line."""
    here = one.arguments[number]
    start, end = here
    if number:
        start = one.arguments[number - 1].end
    elif len(one.arguments) > 1:
        end = one.arguments[1].start
    if start.line == end.line:
        yield Proposal(
            line=start.line,
            pieces=(LinePiece(start.column, end.column, ""),),
            kind=CandidateKind.ARGUMENT,
            reason=f"`{one.last_name}` is no longer called with `{document.tree.text(here)}`",
        )
