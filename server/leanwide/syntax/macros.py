"""Macros that grammars take for statements without a semicolon, or for errors.

Calls that are the heads of blocks, such as Catch2's ``TEST_CASE("empty") {``, and words alone on a
line between statements, such as Check's ``END_TEST``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from leanwide.syntax.languages import Language
from leanwide.syntax.lexer import scan
from leanwide.syntax.text import Position, Span, content, split
from leanwide.syntax.tree import SyntaxTree, parse

_CALL: Final = re.compile(r"^[ \t]*(\w{1,80})[ \t]*\(", re.MULTILINE)
"""The beginning of a line that may call a macro."""
_ALONE: Final = re.compile(r"[ \t]*(\w{1,80})[ \t]*")
"""A line with one word."""
_BLOCK: Final = re.compile(r"\s*\{")
_VISIBLE: Final = re.compile(r"\S")
_SEQUENCES: Final = frozenset(
    {
        "case_statement",
        "compound_statement",
        "declaration_list",
        "field_declaration_list",
        "translation_unit",
    }
)
"""Nodes in which statements, or declarations, follow one another."""
_BRANCHES: Final = ("preproc_if", "preproc_el")
"""How the types of nodes begin that stand between such a node and what an ``#if`` holds of it."""


def macro_heads(language: Language, text: str) -> tuple[str, ...]:
    """Return the calls of macros in front of a block that stand at the beginning of a line."""
    heads = (text[start:end] for start, end in _heads(language, text))
    return tuple(head for head in heads if not head[0].isspace())


def without_macros(tree: SyntaxTree) -> SyntaxTree:
    """Return the tree of a text with blanks in place of macros: their blocks stand alone.

    A word between statements is told from one with a comma or an operator missing by the tree
    without it.
    """
    if not tree.language.macro:
        return tree
    lines = split(_without_heads(tree.language, "".join(tree.lines)))
    words = tuple(_words(tree.language, lines))
    plain = _reparsed(tree, _blanked(lines, words))
    macros = tuple(word for word in words if _is_between_statements(plain, word))
    return plain if macros == words else _reparsed(tree, _blanked(lines, macros))


def _without_heads(language: Language, text: str) -> str:
    parts, at = [], 0
    for start, end in _heads(language, text):
        parts += [text[at:start], _VISIBLE.sub(" ", text[start:end])]
        at = end
    return "".join((*parts, text[at:]))


def _words(language: Language, lines: Sequence[str]) -> Iterator[Span]:
    """Yield the spans of words alone on a line that may be names of macros."""
    for row, line in enumerate(lines):
        found = _ALONE.fullmatch(content(line))
        if found and re.fullmatch(language.macro, found[1]):
            yield Span(Position(row, found.start(1)), Position(row, found.end(1)))


def _blanked(lines: Sequence[str], words: Sequence[Span]) -> tuple[str, ...]:
    """Return lines with blanks in place of words."""
    rows = {word.start.line for word in words}
    return tuple(_VISIBLE.sub(" ", line) if row in rows else line for row, line in enumerate(lines))


def _reparsed(tree: SyntaxTree, lines: tuple[str, ...]) -> SyntaxTree:
    return tree if lines == tree.lines else parse(tree.language, lines)


def _is_between_statements(plain: SyntaxTree, word: Span) -> bool:
    """Whether a blanked word stands where a statement or a declaration may."""
    around = (node.type for node in plain.around(word.start, word.end))
    return next((one for one in around if not one.startswith(_BRANCHES)), "") in _SEQUENCES


def _heads(language: Language, text: str) -> list[tuple[int, int]]:
    """Return the offsets of heads, in the order of the text; of nested ones the outermost."""
    starts = {
        found.end() - 1: found.start()
        for found in _CALL.finditer(text if language.macro else "")
        if re.fullmatch(language.macro, found[1])
    }
    heads: list[tuple[int, int]] = []
    opened: list[int] = []
    for token in scan(language, text) if starts else ():
        if token.kind == "open":
            opened.append(token.start)
        elif token.kind == "close" and opened:
            start = starts.get(opened.pop())
            if start is None or text[token.start] != ")" or not _BLOCK.match(text, token.end):
                continue
            while heads and heads[-1][0] > start:
                heads.pop()
            heads.append((start, token.end))
    return heads
