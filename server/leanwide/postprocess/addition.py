"""Code added to the end of a file, with the imports that it needs where the file keeps its own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from leanwide.postprocess.splice import line_start
from leanwide.syntax import Edit, Import, SyntaxTree, content, imports, parse

_HEADER_LINES: Final = 40
"""Lines at a file's start that an answer may begin with again: a package clause, imports."""


def addition(file: SyntaxTree, code: Sequence[str], newline: str) -> tuple[Edit, ...]:
    """Give the edits that add lines of code, which have no endings, to a file with some text.

    Imports that the file has already are left out, as is what else of its header is said again.
    """
    new = parse(file.language, [f"{line}\n" for line in code])
    last_import = max((one.span.end.line for one in _top(file)), default=len(file.lines))
    has_own = last_import + 1 < len(file.lines)
    header = {content(line) for line in file.lines[:_HEADER_LINES]}
    missing, importing = _imports(file, new, header)
    rest = [line for row, line in enumerate(code) if not (has_own and row in importing)]
    while rest and (not rest[0].strip() or rest[0] in header):
        rest.pop(0)
    edits = []
    if has_own and missing:
        at = line_start(file.lines, last_import + 1)
        edits.append(Edit(at, at, _text([code[row] for row in missing], newline)))
    if rest:
        end = line_start(file.lines, len(file.lines))
        edits.append(Edit(end, end, _gap(file, newline) + _text(rest, newline)))
    return tuple(edits)


def _imports(
    file: SyntaxTree, new: SyntaxTree, header: set[str]
) -> tuple[list[int], frozenset[int]]:
    """Rows of the new code that import what the file does not, and all rows that import."""
    known = {name for one in _top(file) for name in one.names}
    missing: list[int] = []
    every: set[int] = set()
    for one in _top(new):
        rows = range(one.span.start.line, one.span.end.line + 1)
        every.update(rows)
        there = all(content(new.lines[row]) in header for row in rows)
        if not there and not (one.names and known.issuperset(one.names)):
            missing += [row for row in rows if row not in missing]
    return missing, frozenset(every)


def _top(tree: SyntaxTree) -> list[Import]:
    """The imports that stand alone on their lines, at the margin."""
    return [
        one
        for one in imports(tree)
        if one.span.start.column == 0
        and not content(tree.lines[one.span.end.line])[one.span.end.column :].strip(" \t;")
    ]


def _gap(file: SyntaxTree, newline: str) -> str:
    """What parts the new code from the old: two blank lines where blocks are indented, else one."""
    ended = newline if content(file.lines[-1]) == file.lines[-1] else ""
    blank = 0
    while blank < len(file.lines) and not file.lines[-1 - blank].strip():
        blank += 1
    return ended + newline * max(0, (2 if file.language.indented else 1) - blank)


def _text(lines: list[str], newline: str) -> str:
    return "".join(f"{line}{newline}" for line in lines)
