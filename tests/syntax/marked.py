"""Source texts with a cursor mark."""

from __future__ import annotations

from leanwide.syntax import Position, SyntaxTree, language_for, parse, split
from tests.marked import split_at_mark


def tree_of(language: str, text: str) -> SyntaxTree:
    """Return the tree of ``text`` in ``language``, an LSP identifier."""
    known = language_for(language)
    assert known is not None, language
    return parse(known, split(text))


def at_mark(language: str, text: str) -> tuple[SyntaxTree, Position]:
    """Return the tree of ``text`` without its mark, and the mark's position."""
    before, after = split_at_mark(text)
    lines = split(before + "\0")
    position = Position(len(lines) - 1, len(lines[-1]) - 1)
    return tree_of(language, before + after), position
