"""Imports that an answer brings along: which the file lacks, and where they go."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import evolve

from leanwide.postprocess.header import head_lines, top_imports
from leanwide.postprocess.splice import line_start
from leanwide.syntax import (
    Edit,
    ImportStatement,
    Span,
    SyntaxTree,
    content,
    definitions,
    import_statements,
    imports,
)


def lacking(
    file: SyntaxTree,
    line: int,
    new: SyntaxTree,
    left: Sequence[Span] = (),
    replaced: range = range(0),
) -> tuple[str, ...]:
    """Return the import statements of new code that a file lacks, with what it lacks of them.

    Imports inside of the new code's definitions are theirs.

    Args:
        file: The file.
        line: Where the code goes: what other definitions of the file import is not known there.
        new: The new code.
        left: Parts of the new code whose imports stay there.
        replaced: Lines of the file in whose place the new code goes, with what they import.
    """
    known = {
        part.source
        for one in _visible(file, line)
        if one.span.start.line not in replaced
        for part in one.parts
    }
    missing = []
    for statement in import_statements(new):
        if any(span.holds(statement.span) for span in left):
            continue
        parts = [part for part in statement.parts if not part.is_among(known)]
        if statement.at_top and parts:
            missing.append(statement.only(parts))
            known.update(part.source for part in parts)
    return tuple(missing)


def _visible(file: SyntaxTree, line: int) -> Iterator[ImportStatement]:
    """Yield the imports whose names are known at a line."""
    closed = [
        (one.body_start, one.end)
        for one in definitions(file)
        if one.body_start is not None and not one.start.line <= line <= one.end.line
    ]
    for statement in import_statements(file):
        if not any(start <= statement.span.start < end for start, end in closed):
            yield statement


def import_line(tree: SyntaxTree) -> int | None:
    """Return the line that a new import goes to: below the imports at the file's beginning.

    Without any, below what has to stand first. None where imports stand indented only: then there
    is no simple place.
    """
    found = top_imports(tree)
    if not found:
        return None if imports(tree) else head_lines(tree)
    last = found[0].span.end.line
    for one in found[1:]:
        if any(content(line).strip() for line in tree.lines[last + 1 : one.span.start.line]):
            break
        last = one.span.end.line
    return last + 1


def with_imports(
    tree: SyntaxTree | None, edits: tuple[Edit, ...], statements: Sequence[str], newline: str
) -> tuple[Edit, ...] | None:
    """Return edits with one that adds import statements; None if it has no place above them."""
    if tree is None or not statements:
        return edits
    line = import_line(tree)
    if line is None:
        return None
    at = line_start(tree.lines, line)
    if edits and at > edits[0].start:
        return None
    rows = [row for statement in statements for row in statement.splitlines()]
    first = not top_imports(tree)
    following = tree.lines[line].strip() if line < len(tree.lines) else ""
    ended = newline if at.column else ""
    gap = newline if first and following else ""
    text = ended + "".join(f"{row}{newline}" for row in rows) + gap
    if edits and at == edits[0].start:
        return (evolve(edits[0], text=text + edits[0].text, start=at), *edits[1:])
    return (Edit(at, at, text), *edits)


def takes_imports(tree: SyntaxTree, edits: Sequence[Edit]) -> bool:
    """Whether :func:`with_imports` would make new imports a part of the first edit."""
    line = import_line(tree) if edits else None
    return line is not None and line_start(tree.lines, line) == edits[0].start
