"""Snippets of a package's other files that define names near a hole."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from random import Random
from typing import Final

from leanwide.syntax import definitions
from training.data.holes import line_starts
from training.data.layout import Snippet
from training.data.trees import Tree

MAX_SNIPPET_LINES: Final = 12
WITHOUT_NAME: Final = frozenset({"implementation", "section"})
"""Kinds of definitions whose name is not theirs alone."""
NAME: Final = re.compile(r"\b[A-Za-z_]\w{3,}\b")


def of_python(path: str, text: str, tree: ast.Module) -> dict[str, Snippet]:
    """Return the first lines of each top-level function and class of a file, by name."""
    starts = line_starts(text)
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            last = min(node.end_lineno or node.lineno, node.lineno + MAX_SNIPPET_LINES)
            end = starts[last] if last < len(starts) else len(text)
            found[node.name] = Snippet(path, text[starts[node.lineno - 1] : end])
    return found


def of_tree(path: str, tree: Tree) -> dict[str, Snippet]:
    """Return the first lines of each outermost definition of a parsed file, by name."""
    lines, found = tree.syntax.lines, {}
    for definition in definitions(tree.syntax):
        first = definition.start.line
        last = min(definition.end.line + 1, first + MAX_SNIPPET_LINES)
        if definition.level == 0 and definition.kind not in WITHOUT_NAME:
            found[definition.name] = Snippet(path, "".join(lines[first:last]))
    return found


def snippets_for(
    path: str, near: str, index: Mapping[str, Snippet], most: int, random: Random
) -> tuple[Snippet, ...]:
    """Return up to ``most`` definitions from other files whose names occur in ``near``."""
    names = dict.fromkeys(NAME.findall(near))
    usable = [index[name] for name in names if name in index and index[name].path != path]
    random.shuffle(usable)
    return tuple(usable[:most])
