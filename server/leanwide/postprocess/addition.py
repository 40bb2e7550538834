"""Add code to the end of a file, and its imports to those of the file."""

from __future__ import annotations

from collections.abc import Sequence

from leanwide.postprocess.header import header_rows
from leanwide.postprocess.importing import import_line, lacking, with_imports
from leanwide.postprocess.pieces import without_blank_ends
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
    rows = header_rows(file, new) if import_line(file) is not None else frozenset()
    rest = without_blank_ends([text for row, text in enumerate(code) if row not in rows])
    end = line_start(file.lines, len(file.lines))
    edits: tuple[Edit, ...] = ()
    if rest:
        text = "".join(f"{line}{newline}" for line in rest)
        edits = (Edit(end, end, _gap(file, newline) + text),)
    missing = lacking(file, len(file.lines), new)
    return with_imports(file, edits, missing, newline) or edits


def _gap(file: SyntaxTree, newline: str) -> str:
    """Return what separates old and new code: two blank lines in indented languages, else one."""
    ended = newline if content(file.lines[-1]) == file.lines[-1] else ""
    blank = 0
    while blank < len(file.lines) and not file.lines[-1 - blank].strip():
        blank += 1
    return ended + newline * max(0, (2 if file.language.blocks == "indent" else 1) - blank)
