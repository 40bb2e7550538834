"""What stands above the code of a file: a package clause, comments, imports."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from leanwide.syntax import Import, ScopePart, Scopes, SyntaxTree, content, imports

_HEAD: Final = re.compile(
    r"\A(?:[ \t]*(?:#(?!pragma|!\[)|//|/?\*).*\n)*"
    r"(?:package\b|<\?php|#pragma\b|#!\[|[rRuU]?[\"']|namespace\b[^{]*;)"
)
"""What stands above the imports of a file."""


def top_imports(tree: SyntaxTree) -> list[Import]:
    """Return the imports that are alone on their lines, without indentation."""
    return [
        found
        for found in imports(tree)
        if found.span.start.column == 0
        and not content(tree.lines[found.span.end.line])[found.span.end.column :].strip(" \t;")
    ]


def head_lines(tree: SyntaxTree) -> int:
    """Return the lines of a package clause, a docstring, comments and the like at the top."""
    least = 1 if tree.lines and tree.lines[0].startswith("#!") else 0
    for piece in Scopes.of(tree).pieces(None):
        if not _is_head(tree, piece):
            return max(least, piece.span.start.line)
        least = max(least, piece.span.end.line + 1)
    return least


def _is_head(tree: SyntaxTree, piece: ScopePart) -> bool:
    return piece.is_comment or _HEAD.search(tree.text(piece.span)) is not None


def header_rows(file: SyntaxTree, new: SyntaxTree) -> frozenset[int]:
    """Return the rows of new code that are imports, or a header which the file has already.

    A header is what stands above the code: a package clause, a comment with a licence.
    """
    known = {line.strip() for piece in _heads(file) for line in _rows_of(file, piece)}
    rows = {
        row
        for found in top_imports(new)
        for row in range(found.span.start.line, found.span.end.line + 1)
    }
    for piece in _heads(new):
        texts = [line.strip() for line in _rows_of(new, piece)]
        last = piece.span.end.line
        if piece.imported is not None or known.issuperset(texts):
            rows.update(range(piece.span.start.line, last + 1))
        elif not piece.is_comment and texts[-1] in known:
            rows.add(last)  # below a comment of its own
    return frozenset(rows)


def _heads(tree: SyntaxTree) -> Iterator[ScopePart]:
    """Yield the pieces above a text's first code."""
    for piece in Scopes.of(tree).pieces(None):
        if piece.imported is None and not _is_head(tree, piece):
            return
        yield piece


def _rows_of(tree: SyntaxTree, piece: ScopePart) -> list[str]:
    return [content(line) for line in tree.lines[piece.span.start.line : piece.span.end.line + 1]]
