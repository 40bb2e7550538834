"""Source files as the server parses them: its grammars, and places as offsets in the text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import tree_sitter

from leanwide.syntax import Language, SyntaxTree, error_count, language_for, parse, split


@dataclass(frozen=True, slots=True)
class Tree:
    """A parsed text; the parser counts bytes, a text is cut by characters."""

    text: str
    syntax: SyntaxTree
    _before: np.ndarray | None
    """How many characters begin before each byte; None where each is one byte."""

    @property
    def language(self) -> Language:
        """The grammar and what the server knows of it."""
        return self.syntax.language

    def offset(self, byte: int) -> int:
        """Return the parser's offset as one in characters."""
        return byte if self._before is None else int(self._before[byte])

    def text_of(self, node: tree_sitter.Node) -> str:
        """Return the text of a node."""
        return self.text[self.offset(node.start_byte) : self.offset(node.end_byte)]


def grammar(language: str, path: str) -> Language | None:
    """Return the server's language for a file in ``language``; None if it has no grammar."""
    return language_for("typescriptreact" if path.endswith(".tsx") else language, path)


def tree_of(text: str, grammar: Language) -> Tree | None:
    """Parse a text with LF endings; None for one that takes too long."""
    syntax = parse(grammar, split(text))
    if syntax.given_up:
        return None
    if text.isascii():
        return Tree(text, syntax, None)
    data = np.frombuffer(text.encode(), dtype=np.uint8)
    begun = np.cumsum((data & 0xC0) != 0x80)
    return Tree(text, syntax, np.concatenate(([0], begun)))


def errors(text: str, grammar: Language) -> int | None:
    """Return the number of syntax errors in a text; None for one that takes too long."""
    tree = tree_of(text, grammar)
    return None if tree is None else error_count(tree.syntax)


def nodes(tree: Tree, top: tree_sitter.Node) -> Iterator[tree_sitter.Node]:
    """Yield ``top`` and every named node below it, those inside comments and strings left out.

    Strings are entered where code can stand in them.
    """
    language = tree.language
    closed = language.comments if language.embedded else language.comments | language.strings
    todo = [top]
    while todo:
        node = todo.pop()
        yield node
        if node.type not in closed:
            todo += reversed(node.named_children)
