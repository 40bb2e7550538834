"""Macros that grammars take for statements without a semicolon, or for errors.

Calls that are the heads of blocks, such as Catch2's ``TEST_CASE("empty") {``, and words alone on a
line, such as Check's ``END_TEST``.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from leanwide.syntax.languages import Language
from leanwide.syntax.lexer import scan

_CALL: Final = re.compile(r"^[ \t]*(\w{1,80})[ \t]*\(", re.MULTILINE)
"""The beginning of a line that may call a macro."""
_ALONE: Final = re.compile(r"^[ \t]*(\w{1,80})[ \t]*\r?$", re.MULTILINE)
_BLOCK: Final = re.compile(r"\s*\{")
_VISIBLE: Final = re.compile(r"\S")


def macro_heads(language: Language, text: str) -> tuple[str, ...]:
    """Return the calls of macros in front of a block that stand at the beginning of a line."""
    heads = (text[start:end] for start, end in _heads(language, text))
    return tuple(head for head in heads if not head[0].isspace())


def without_macros(language: Language, text: str) -> str:
    """Return a text with blanks in place of macros: their blocks stand alone."""
    if not language.macro:
        return text
    parts, at = [], 0
    for start, end in _heads(language, text):
        parts += [text[at:start], _VISIBLE.sub(" ", text[start:end])]
        at = end
    return _ALONE.sub(partial(_blanked, language.macro), "".join((*parts, text[at:])))


def _blanked(name: str, line: re.Match[str]) -> str:
    """Return a line, with blanks in place of the word on it if its name is that of a macro."""
    return _VISIBLE.sub(" ", line[0]) if re.fullmatch(name, line[1]) else line[0]


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
