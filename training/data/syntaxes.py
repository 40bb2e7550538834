"""What a file's syntax shows, whatever its language: holes, functions, definitions."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Protocol

from training.corpus.languages import PROSE
from training.corpus.packages import SourceFile
from training.data import (
    prose_holes,
    python_functions,
    python_holes,
    related,
    tree_functions,
    tree_holes,
    trees,
)
from training.data.holes import Span
from training.data.layout import Snippet
from training.data.pairs import Pair

MakePairs = Callable[[Random], Iterator[Pair]]
"""Yields every instruction pair of one function."""


class Syntax(Protocol):
    """A parsed file."""

    def spans(self) -> Iterator[Span]:
        """Yield holes, besides lines."""

    def functions(self) -> list[MakePairs]:
        """Return a maker of instruction pairs for each function."""

    def definitions(self, path: str) -> dict[str, Snippet]:
        """Return the first lines of what other files may use, by name."""


@dataclass(frozen=True, slots=True)
class PythonSyntax:
    """A Python file, parsed by Python itself, which the published figures were measured on."""

    text: str
    tree: ast.Module

    def spans(self) -> Iterator[Span]:
        """Yield statements, blocks, call arguments and expressions."""
        return python_holes.spans(self.text, self.tree)

    def functions(self) -> list[MakePairs]:
        """Return a maker of pairs for each function."""
        found = python_functions.functions(self.tree)
        return [partial(python_functions.pairs_of, function) for function in found]

    def definitions(self, path: str) -> dict[str, Snippet]:
        """Return the first lines of each top-level function and class."""
        return related.of_python(path, self.text, self.tree)


@dataclass(frozen=True, slots=True)
class TreeSyntax:
    """A file in another language, parsed by the server's grammar."""

    tree: trees.Tree

    def spans(self) -> Iterator[Span]:
        """Yield statements, blocks, call arguments and expressions."""
        return tree_holes.spans(self.tree)

    def functions(self) -> list[MakePairs]:
        """Return a maker of pairs for each function."""
        found = tree_functions.definitions_of(self.tree)
        return [partial(tree_functions.pairs_of, self.tree, definition) for definition in found]

    def definitions(self, path: str) -> dict[str, Snippet]:
        """Return the first lines of each outermost definition."""
        return related.of_tree(path, self.tree)


@dataclass(frozen=True, slots=True)
class ProseSyntax:
    """A text of paragraphs."""

    text: str

    def spans(self) -> Iterator[Span]:
        """Yield paragraphs."""
        return prose_holes.spans(self.text)

    def functions(self) -> list[MakePairs]:
        """Return nothing: there are no functions."""
        return []

    def definitions(self, path: str) -> dict[str, Snippet]:  # noqa: ARG002
        """Return nothing: there are no names to refer to."""
        return {}


def syntax_of(file: SourceFile) -> Syntax | None:
    """Parse a file; None if it does not parse at all."""
    if file.language in PROSE:
        return ProseSyntax(file.text)
    if file.language == "python":
        tree = python_tree(file.text)
        return PythonSyntax(file.text, tree) if tree else None
    grammar = trees.grammar(file.language, file.path)
    parsed = trees.tree_of(file.text, grammar) if grammar else None
    return TreeSyntax(parsed) if parsed else None


def python_tree(text: str) -> ast.Module | None:
    """Return the tree of a Python file; None if the running Python cannot parse it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
