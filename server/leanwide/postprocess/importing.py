"""Imports that an answer brings along: which the file lacks, and where they go."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from leanwide.postprocess.splice import line_start
from leanwide.syntax import Edit, Import, Scopes, SyntaxTree, content, imports

HEADER_LINES: Final = 40
"""Lines at a file's start that an answer may repeat: a package clause, imports."""
_NAMES: Final = re.compile(
    r"(?P<head>[^{}()]*\bimport\s+|[^{}()]*[{(]\s*)(?P<names>[^{}()]+?)(?P<tail>\s*[,;]?\s*[})][^{}()]*|;?)"
)
"""A statement that imports a list of names: the names stand in brackets, or at its end."""
_LAST_WORD: Final = re.compile(r"\w+(?=\W*$)")


_HEAD: Final = re.compile(
    r"\A(?:[ \t]*(?:#(?!pragma|!\[)|//|/?\*).*\n)*"
    r"(?:package\b|<\?php|#pragma\b|#!\[|[rRuU]?[\"']|namespace\b[^{]*;)"
)
"""What stands above the imports of a file."""


def lacking(file: SyntaxTree, new: SyntaxTree) -> tuple[tuple[Import, str], ...]:
    """Return the imports of new code that a file lacks, with the text of what it lacks of them.

    An import of several names keeps those that the file does not import.
    """
    known = {name for found in imports(file) for name in found.names}
    header = {content(line).strip() for line in file.lines[:HEADER_LINES]}
    header.update(
        line.strip() for one in imports(file) for line in file.text(one.span).splitlines()
    )
    missing = []
    for found in imports(new):
        text = new.text(found.span)
        repeated = all(line.strip() in header for line in text.splitlines())
        if repeated or (found.names and known.issuperset(found.names)):
            continue
        shared = known.intersection(found.names)
        missing.append((found, _without(text, shared) if shared else text))
    return tuple(missing)


def _without(text: str, known: set[str]) -> str:
    """Return an import without the names that are known; as it is where that is not simple."""
    match = _NAMES.fullmatch(text)
    if match is None:
        return text
    separator = "," if "," in match["names"] else "\n"
    parts = [part.strip() for part in match["names"].split(separator)]
    kept = [part for part in parts if part and _bound(part) not in known]
    joined = f"{separator} ".join(kept) if separator == "," else "\n\t".join(kept)
    return f"{match['head']}{joined}{match['tail']}"


def _bound(part: str) -> str:
    """Return the name that a part of an import brings in: its last word."""
    found = _LAST_WORD.search(part)
    return found.group() if found else ""


def top_imports(tree: SyntaxTree) -> list[Import]:
    """Return the imports that are alone on their lines, without indentation."""
    return [
        found
        for found in imports(tree)
        if found.span.start.column == 0
        and not content(tree.lines[found.span.end.line])[found.span.end.column :].strip(" \t;")
    ]


def import_line(tree: SyntaxTree) -> int | None:
    """Return the line that a new import goes to: below the imports at the file's beginning.

    Without any, below what has to stand first. None where imports stand indented only: then there
    is no simple place.
    """
    found = top_imports(tree)
    if not found:
        return None if imports(tree) else _head_lines(tree)
    last = found[0].span.end.line
    for one in found[1:]:
        if any(content(line).strip() for line in tree.lines[last + 1 : one.span.start.line]):
            break
        last = one.span.end.line
    return last + 1


def _head_lines(tree: SyntaxTree) -> int:
    """Return the lines of a package clause, a docstring, comments and the like at the top."""
    least = 1 if tree.lines and tree.lines[0].startswith("#!") else 0
    for piece in Scopes.of(tree).pieces(None):
        if not piece.is_comment and not _HEAD.search(tree.text(piece.span)):
            return max(least, piece.span.start.line)
        least = max(least, piece.span.end.line + 1)
    return least


def import_edit(tree: SyntaxTree, line: int, statements: Sequence[str], newline: str) -> Edit:
    """Return the edit that adds import statements in front of a line."""
    at = line_start(tree.lines, line)
    rows = [row for statement in statements for row in statement.splitlines()]
    first = not top_imports(tree)
    following = tree.lines[line].strip() if line < len(tree.lines) else ""
    gap = newline if first and following else ""
    return Edit(at, at, "".join(f"{row}{newline}" for row in rows) + gap)
