"""The beginning of what was asked for, in an answer that the model still writes.

It is found in the first lines that tell where it begins, and so stays while more lines follow.
Nothing is known of an answer whose first lines may belong to the file around the passage.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Final

from attrs import frozen

from leanwide.context.passage import Passage
from leanwide.postprocess.asked import Taking, asked_for
from leanwide.postprocess.asked_block import BlockLines, body_rows, new_in_head, without_imports
from leanwide.postprocess.overlap import settled_repeated_lines
from leanwide.postprocess.passage_place import (
    Asked,
    PassagePlace,
    counterparts,
    parsed_answer,
    place_of,
    unframed_answer,
)
from leanwide.postprocess.repeated import only_definitions
from leanwide.syntax import Scopes, SyntaxTree, closers, definition_end, imports, split

_BODY: Final = 5
"""Lines from a definition's name on in which its body begins, at most."""
_MENTIONS: Final = 4
"""Lines with a name of which the definition is one, at most."""


def asked_so_far(file: SyntaxTree, passage: Passage, code: str) -> str:
    """Return the beginning of what ``asked_for`` will take out of an answer; "" if not known.

    Args:
        file: The file.
        passage: What the answer is about.
        code: Whole lines at the beginning of the answer's code.
    """
    if not file.language.containers:
        return code
    place = place_of(Scopes.of(file), passage)
    if _begins_in_passage(place, code) and asked_for(file, passage, code) == Asked(code=code):
        return code
    if place.is_block:
        found = _block(place, code)
    else:
        found = without_imports(place, code).code if place.cuts else _definitions(place, code)
    return found if _begins_in_passage(place, found) else ""


def _begins_in_passage(place: PassagePlace, code: str) -> bool:
    """Whether code has a line that only the passage has, and none of the file around before it.

    Code that goes on may not parse yet, so that neither what is around it nor its imports are seen
    in its tree: a class that is open, for instance.
    """
    lines = [line.strip() for line in place.scopes.tree.lines]
    own = _saying(lines[place.passage.first : place.passage.last])
    around = _saying([*lines[: place.passage.first], *lines[place.passage.last :]])
    rows = code.split("\n")
    texts = [row.strip() for row in rows]
    begun = next((row for row, text in enumerate(texts) if text in own - around), None)
    if begun is None:
        return False
    above = "\n".join(rows[:begun])
    return (
        not (around - own).intersection(texts[:begun])
        and not any(
            re.search(rf"(?<!\w){re.escape(one.name)}(?!\w)", above) for one in place.around
        )
        and not imports(unframed_answer(place, above))
    )


def _saying(lines: Sequence[str]) -> frozenset[str]:
    """Return the lines that hold more than brackets and marks."""
    return frozenset(line for line in lines if any(map(str.isalnum, line)))


@frozen
class _Beginning:
    """An answer up to the body of a definition, with all that is open closed."""

    answer: Scopes
    code: str
    head: int
    """The line of the code with the definition's name."""
    shift: int
    """Lines in front of the code's, in the answer as it is parsed."""


def _beginnings(place: PassagePlace, code: str, names: frozenset[str]) -> Iterator[_Beginning]:
    """Yield beginnings of an answer that may hold the head of one of some definitions."""
    language, rows = place.scopes.tree.language, code.split("\n")
    word = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})(?!\w)")
    for head in islice((row for row, text in enumerate(rows) if word.search(text)), _MENTIONS):
        for end in range(head + 2, min(head + _BODY, len(rows)) + 1):
            begun = "\n".join(rows[:end])
            begun += "\n" + "".join(closers(language, begun))
            tree = parsed_answer(place, begun)
            extra = len(tree.lines) - len(split(begun))
            answer = Scopes.of(tree)
            framed = bool(answer.definitions) and answer.definitions[0].name == "Leanwide"
            yield _Beginning(answer, begun, head, extra - framed)


def _definitions(place: PassagePlace, code: str) -> str:
    """Return an answer's code up to the end of the first definition that was asked for."""
    names = frozenset(one.name for one in place.targets)
    others = (one.definition for one in place.outside(place.owner))
    if not only_definitions(place) or any(one.name in names for one in others if one is not None):
        return ""
    for begun in _beginnings(place, code, names):
        taking = Taking(place, begun.answer, begun.code)
        pieces = begun.answer.pieces(taking.scope())
        at = next(
            (
                at
                for at, piece in enumerate(pieces)
                if piece.definition is not None and piece.definition.name in names
            ),
            None,
        )
        if at is None:
            continue
        kept = taking.kept(pieces)
        first = next(row for row, piece in enumerate(pieces) if piece in kept)
        if not set(pieces[first : at + 1]) <= set(kept):
            return ""
        return _from_line(place, code, pieces[first].span.start.line - begun.shift, begun.head)
    return ""


def _from_line(place: PassagePlace, code: str, first: int, head: int) -> str:
    """Return the lines of a definition, without first ones that stand above the passage."""
    rows = code.split("\n")
    rows = rows[first : definition_end(place.scopes.tree.language, rows, head)]
    lines = [line.strip() for line in place.scopes.tree.lines]
    above, own = lines[: place.passage.first], lines[place.passage.first : place.passage.last]
    repeated = settled_repeated_lines(above, own, [row.strip() for row in rows])
    return "" if repeated is None else "\n".join(rows[min(repeated, len(rows) - 1) :])


def _block(place: PassagePlace, code: str) -> str:
    """Return the lines of a function's body that were asked for, without those around them."""
    assert place.owner is not None  # noqa: S101  # a block has one
    rows, language = code.split("\n"), place.scopes.tree.language
    for begun in _beginnings(place, code, frozenset({place.owner.name})):
        wrapper = next(counterparts(place, begun.answer.definitions), None)
        if wrapper is None or new_in_head(place, begun.answer, wrapper):
            continue
        body = body_rows(begun.answer, wrapper)
        first = body.start - begun.shift
        if body and first > begun.head:
            lines = rows[first : definition_end(language, rows, begun.head)]
            return "\n".join(BlockLines.of(place).between_so_far(lines))
    return without_imports(place, code).code
