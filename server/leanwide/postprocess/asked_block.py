"""The part of a function's body that was asked for, in an answer that repeats more of it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import takewhile
from textwrap import dedent
from typing import Final

from leanwide.postprocess.overlap import repeated_lines
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
    ScopePart,
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
    if new := _head(answer, wrapper) - _head(place.scopes, owner):
        return Asked(
            code=code,
            problem=f"Only the selected lines were asked for, and `{min(new)}` is new in the head "
            f"of `{owner.name}`.",
        )
    lines = _body_lines(answer, wrapper)
    first, last = place.passage.first, place.passage.last
    whole = _body_rows(place.scopes, owner)
    above = [content(place.scopes.tree.lines[row]) for row in whole if row < first]
    within = [content(line) for line in place.scopes.tree.lines[first:last]]
    below = [content(place.scopes.tree.lines[row]) for row in whole if row >= last]
    return Asked(
        code="\n".join(_between(lines, above, within, below)), imports=new_imports(place, answer)
    )


def without_imports(place: PassagePlace, code: str) -> Asked:
    """Return an answer without the imports above its code, which the file gets.

    Those that the passage holds, perhaps from another place, stay in it.
    """
    tree, first, last = place.scopes.tree, place.passage.first, place.passage.last
    if any(first <= one.span.start.line < last for one in imports(tree)):
        return Asked(code=code)
    alone = unframed_answer(place, dedent("".join(tree.lines[first:last])))
    own = {name for part in Scopes.of(alone).pieces(None) for name in _imported(part)}
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


def _imported(part: ScopePart) -> Iterable[str]:
    return part.imported.names if part.imported is not None else ()


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


def _body_rows(scopes: Scopes, definition: Definition) -> range:
    """Return the lines of a body, without those of its braces."""
    pieces = scopes.pieces(definition)
    if not pieces:
        return range(0)
    return range(pieces[0].span.start.line, pieces[-1].span.end.line + 1)


def _body_lines(scopes: Scopes, definition: Definition) -> list[str]:
    pieces = scopes.pieces(definition)
    if not pieces:
        return []
    span = pieces[0].span._replace(end=pieces[-1].span.end)
    return [content(line) for line in split(scopes.text(span))]


def _between(lines: list[str], above: list[str], own: list[str], below: list[str]) -> list[str]:
    """Return lines without those at their ends that stand above and below the passage already."""
    before = [line.strip() for line in above if line.strip()]
    within = [line.strip() for line in own if line.strip()]
    after = [line.strip() for line in below if line.strip()]
    rows = [row for row, line in enumerate(lines) if line.strip()]
    texts = [lines[row].strip() for row in rows]
    head = repeated_lines(before, within, texts)
    tail = repeated_lines(after[::-1], within[::-1], texts[head:][::-1])
    kept = rows[head : len(rows) - tail]
    return lines[kept[0] : kept[-1] + 1] if kept else []
