"""The part of a function's body that was asked for, in an answer that repeats more of it."""

from __future__ import annotations

from typing import Final

from leanwide.postprocess.overlap import repeated_lines
from leanwide.postprocess.passage_place import (
    FUNCTIONS,
    Asked,
    PassagePlace,
    counterparts,
    new_imports,
)
from leanwide.syntax import Definition, Scopes, content, split

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
    imports = new_imports(place, answer)
    if wrapper is None:
        found = [one.imported for one in answer.pieces(None) if one.imported is not None]
        rows = {row for one in found for row in range(one.span.start.line, one.span.end.line + 1)}
        own = "".join(place.scopes.tree.lines[place.passage.first : place.passage.last])
        if not rows or any(answer.tree.text(one.span).strip() in own for one in found):
            return Asked(code=code)
        kept = [content(line) for row, line in enumerate(answer.tree.lines) if row not in rows]
        return Asked(code="\n".join(kept).strip("\n"), imports=imports)
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
    own = [content(line) for line in place.scopes.tree.lines[first:last]]
    below = [content(place.scopes.tree.lines[row]) for row in whole if row >= last]
    return Asked(code="\n".join(_between(lines, above, own, below)), imports=imports)


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
