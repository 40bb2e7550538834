"""Edits of long code that are answered in changed pieces."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Final

from attrs import evolve

from leanwide.context.folding import Folded
from leanwide.context.passage import Passage
from leanwide.features.ask.selection import ResolvedSelection
from leanwide.features.edit.assignment import AnswerForm, Assignment, Pieces
from leanwide.features.edit.balance_guard import check_balance
from leanwide.features.edit.change import FileEdit, Mistake
from leanwide.features.edit.length_guard import check_length
from leanwide.features.edit.structure_guard import check_kept
from leanwide.features.edit.syntax_guard import check_syntax
from leanwide.features.refusal import Refusal
from leanwide.postprocess.code import AnswerCode
from leanwide.postprocess.pieces import ChangedPiece, PiecePlace, Unplaced, pieces_in, placed
from leanwide.postprocess.splice import replacements
from leanwide.prompt.editing import pieces_question
from leanwide.syntax import Edit, content, definitions, split

_WORD: Final = re.compile(r"\w+")


def pieces_of(
    resolved: ResolvedSelection, request: str, rows: Sequence[int], least: float
) -> Pieces:
    """Return how a change of long code is asked for in pieces.

    Args:
        resolved: The passage.
        request: What is wanted.
        rows: Lines that the request is about, besides the definitions that it names.
        least: Share of the characters that has to remain, of a text that no parser checks.
    """
    return Pieces(
        question=partial(pieces_question, request=request),
        wanted=partial(_named, resolved, request, rows),
        change=partial(_changed, resolved, request, least),
        settled=partial(_settled, resolved),
    )


def with_pieces(assignment: Assignment, pieces: Pieces, folded: Folded) -> Assignment:
    """Return the assignment that is answered in changed pieces of what ``folded`` shows."""
    return evolve(
        assignment,
        code=tuple(split(folded.text)),
        max_code_tokens=lambda budget: budget.context_tokens,
        question=pieces.question,
        change=partial(pieces.change, folded.rows),
        settled=partial(pieces.settled, folded.rows),
        form=_FORM,
    )


def _read(answer: str) -> AnswerCode:
    found = pieces_in(answer)
    return AnswerCode(answer if found.whole else "", closed=not found.open, ended=False)


_FORM: Final = AnswerForm(_read, "It holds no block from <<<<<<< SEARCH to >>>>>>> REPLACE.")


def _named(resolved: ResolvedSelection, request: str, rows: Sequence[int]) -> list[Passage]:
    """Return the definitions that hold one of the rows, or whose name is in the request."""
    passage, tree = resolved.passage, resolved.tree
    if tree is None:
        return [Passage(first=row, last=row + 1) for row in rows]
    names = frozenset(_WORD.findall(request))
    inside = [
        Passage(
            first=max(found.start.line, passage.first), last=min(found.end.line + 1, passage.last)
        )
        for found in definitions(tree)
        if passage.first <= found.start.line < passage.last
        and (found.name in names or any(found.start.line <= row <= found.end.line for row in rows))
    ]
    return sorted(inside, key=lambda one: one.last - one.first)


def _changed(
    resolved: ResolvedSelection, request: str, least: float, rows: frozenset[int], answer: str
) -> FileEdit:
    """Return the change that the pieces of an answer make.

    Raises:
        Mistake: A piece has no place, the file would have more syntax errors than before, or
            something would be lost.
        Refusal: The pieces change nothing.
    """
    view = resolved.view
    try:
        places = _places(resolved, rows, pieces_in(answer).whole)
    except Unplaced as unplaced:
        raise Mistake(str(unplaced)) from unplaced
    lines = [content(line) for line in resolved.lines]
    for place in reversed(places):  # from the end: the places before it keep their numbers
        lines[place.first : place.last] = place.new
    check_length(resolved, lines, least)
    check_balance(resolved, lines)
    edits = tuple(_edits(resolved, places))
    if not edits:
        raise Refusal("The model would change nothing.")
    selected = range(resolved.passage.first, resolved.passage.last)
    check_syntax(resolved.language, view.lines, edits, selected)
    change = FileEdit(uri=view.uri, version=view.version, lines=view.lines, edits=edits)
    check_kept(resolved, lines, change, request)
    return change


def _settled(resolved: ResolvedSelection, rows: frozenset[int], answer: str) -> tuple[Edit, ...]:
    """Return the edits of the whole pieces so far; none if one of them has no place."""
    try:
        return tuple(_edits(resolved, _places(resolved, rows, pieces_in(answer).whole)))
    except Unplaced:
        return ()


def _places(
    resolved: ResolvedSelection, rows: frozenset[int], pieces: Sequence[ChangedPiece]
) -> list[PiecePlace]:
    first = resolved.passage.first
    lines = [content(line) for line in resolved.lines]
    return placed(lines, frozenset(row - first for row in rows), pieces)


def _edits(resolved: ResolvedSelection, places: Sequence[PiecePlace]) -> Iterator[Edit]:
    view, first = resolved.view, resolved.passage.first
    for place in places:
        span = (first + place.first, first + place.last)
        yield from replacements(view.lines, span, place.new, view.newline)
