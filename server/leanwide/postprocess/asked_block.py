"""The part of a function's body that was asked for, in an answer that repeats more of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from textwrap import dedent
from typing import Final

from attrs import frozen

from leanwide.postprocess.overlap import repeated_lines, settled_repeated_lines
from leanwide.postprocess.passage_place import (
    FUNCTIONS,
    Asked,
    PassagePlace,
    counterparts,
    new_imports,
    unframed_answer,
)
from leanwide.syntax import (
    Definition,
    Scopes,
    Span,
    SyntaxTree,
    content,
    error_count,
    imports,
    parse,
    split,
)

_MODIFIERS: Final = frozenset(
    {
        "abstract", "async", "class", "const", "def", "default", "export", "final", "fn", "func",
        "function", "internal", "override", "private", "protected", "pub", "public", "sealed",
        "self", "static", "struct", "unsafe", "virtual",
    }
)  # fmt: skip
"""Words that may differ between a definition's head and the one repeated around an answer."""


def block_asked(place: PassagePlace, answer: Scopes, code: str) -> Asked:
    """Return the part of a function's body that an answer repeats with what is around it."""
    owner = place.owner
    assert owner is not None  # noqa: S101  # a block has one
    wrapper = next(counterparts(place, answer.definitions), None)
    if wrapper is None:
        return without_imports(place, code)
    if wrapper.kind not in FUNCTIONS:
        return Asked(code=code)
    if new := new_in_head(place, answer, wrapper):
        return Asked(
            code=code,
            problem=f"Only the selected lines were asked for, and `{min(new)}` is new in the head "
            f"of `{owner.name}`.",
        )
    pieces = answer.pieces(wrapper)
    body = answer.text(pieces[0].span._replace(end=pieces[-1].span.end)) if pieces else ""
    lines = BlockLines.of(place).between([content(line) for line in split(body)])
    return Asked(code="\n".join(lines), imports=new_imports(place, answer))


def new_in_head(place: PassagePlace, answer: Scopes, wrapper: Definition) -> set[str]:
    """Return the words of an answer's head of the function around that are not in the file's."""
    assert place.owner is not None  # noqa: S101  # a block has one
    return _head(answer, wrapper) - _head(place.scopes, place.owner)


@frozen
class BlockLines:
    """The lines of a function's body that are not blank, stripped."""

    above: tuple[str, ...]
    """Above the passage."""
    own: tuple[str, ...]
    below: tuple[str, ...]

    @classmethod
    def of(cls, place: PassagePlace) -> BlockLines:
        """Return the lines of the function that a passage is in."""
        assert place.owner is not None  # noqa: S101  # a block has one
        lines, whole = place.scopes.tree.lines, body_rows(place.scopes, place.owner)
        first, last = place.passage.first, place.passage.last
        rows = (range(whole.start, first), range(first, last), range(last, whole.stop))
        return cls(*(tuple(filter(None, (lines[row].strip() for row in part))) for part in rows))

    def between(self, lines: Sequence[str]) -> Sequence[str]:
        """Return lines of a body without those at their ends that stand around the passage."""
        rows = [row for row, line in enumerate(lines) if line.strip()]
        texts = [lines[row].strip() for row in rows]
        head = repeated_lines(self.above, self.own, texts)
        tail = repeated_lines(self.below[::-1], self.own, texts[head:][::-1])
        return _from_to(lines, rows[head : len(rows) - tail])

    def between_so_far(self, lines: Sequence[str]) -> Sequence[str]:
        """Return the first ones of those, of lines that others follow; none if that is not sure."""
        rows = [row for row, line in enumerate(lines) if line.strip()]
        head = settled_repeated_lines(self.above, self.own, [lines[row].strip() for row in rows])
        kept = rows[head:] if head is not None else []
        while kept and lines[kept[-1]].strip() in self.below:
            kept.pop()
        return _from_to(lines, kept)


def without_imports(place: PassagePlace, code: str) -> Asked:
    """Return an answer without the imports above its code, which the file gets.

    Those that the passage holds, perhaps from another place, stay in it.
    """
    tree, first, last = place.scopes.tree, place.passage.first, place.passage.last
    if any(first <= one.span.start.line < last for one in imports(tree)):
        return Asked(code=code)
    alone = unframed_answer(place, dedent("".join(tree.lines[first:last])))
    own = {
        name
        for part in Scopes.of(alone).pieces(None)
        if part.imported is not None
        for name in part.imported.names
    }
    answer = unframed_answer(place, code)
    start = len(answer.lines) - len(split(code))
    parts = (one for one in Scopes.of(answer).pieces(None) if one.span.start.line >= start)
    above = takewhile(lambda one: one.imported is not None or one.is_comment, parts)
    rows = {
        row
        for part in above
        if part.imported is not None and own.isdisjoint(part.imported.names)
        for row in _statement_rows(answer, part.imported.span)
    }
    if not rows:
        return Asked(code=code)
    kept = [
        content(line) for row, line in enumerate(answer.lines) if row >= start and row not in rows
    ]
    removed = "".join(answer.lines[row] for row in sorted(rows))
    found = new_imports(place, Scopes.of(unframed_answer(place, removed)))
    return Asked(code="\n".join(kept).strip("\n"), imports=found)


def _statement_rows(tree: SyntaxTree, span: Span) -> range:
    """Return the first lines of a span that parse alone.

    What follows an import may seem to be a part of it: Lua calls what ``require`` returns.
    """
    rows = range(span.start.line, span.end.line + 1)
    return next(
        (
            rows[:size]
            for size in range(1, len(rows))
            if not error_count(parse(tree.language, tree.lines[rows[0] : rows[0] + size]))
        ),
        rows,
    )


def _head(scopes: Scopes, definition: Definition) -> set[str]:
    span = definition.span._replace(end=definition.signature_end)
    return set(scopes.words(span)) - _MODIFIERS


def body_rows(scopes: Scopes, definition: Definition) -> range:
    """Return the lines of a body, without those of its braces."""
    pieces = scopes.pieces(definition)
    if not pieces:
        return range(0)
    return range(pieces[0].span.start.line, pieces[-1].span.end.line + 1)


def _from_to(lines: Sequence[str], rows: Sequence[int]) -> Sequence[str]:
    """Return lines from the first of some rows to the last."""
    return lines[rows[0] : rows[-1] + 1] if rows else []
