"""Add code to the end of a file, and its imports to those of the file."""

from __future__ import annotations

from collections.abc import Sequence

from leanwide.postprocess.importing import HEADER_LINES, top_imports
from leanwide.postprocess.splice import line_start
from leanwide.syntax import Edit, SyntaxTree, content, parse


def addition(file: SyntaxTree, code: Sequence[str], newline: str) -> tuple[Edit, ...]:
    """Return the edits that add lines of code to a file that is not empty.

    Imports and other lines of the file's header that the code repeats are left out.

    Args:
        file: The file.
        code: Lines without endings.
        newline: What ends a line.
    """
    new = parse(file.language, [f"{line}\n" for line in code])
    last_import = max((found.span.end.line for found in top_imports(file)), default=len(file.lines))
    has_own = last_import + 1 < len(file.lines)
    header = {content(line) for line in file.lines[:HEADER_LINES]}
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
    """Return the rows of new code that import what the file lacks, and all rows that import."""
    known = {name for found in top_imports(file) for name in found.names}
    missing: list[int] = []
    every: set[int] = set()
    for found in top_imports(new):
        rows = range(found.span.start.line, found.span.end.line + 1)
        every.update(rows)
        repeated = all(content(new.lines[row]) in header for row in rows)
        if not repeated and not (found.names and known.issuperset(found.names)):
            missing += [row for row in rows if row not in missing]
    return missing, frozenset(every)


def _gap(file: SyntaxTree, newline: str) -> str:
    """Return what separates old and new code: two blank lines in indented languages, else one."""
    ended = newline if content(file.lines[-1]) == file.lines[-1] else ""
    blank = 0
    while blank < len(file.lines) and not file.lines[-1 - blank].strip():
        blank += 1
    return ended + newline * max(0, (2 if file.language.indented else 1) - blank)


def _text(lines: list[str], newline: str) -> str:
    return "".join(f"{line}{newline}" for line in lines)
