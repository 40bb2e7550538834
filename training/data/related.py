"""Snippets of a package's other files that define names near a hole."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import Final

from training.data.holes import line_starts

MAX_SNIPPET_LINES: Final = 12
NAME: Final = re.compile(r"\b[A-Za-z_]\w{3,}\b")


@dataclass(frozen=True, slots=True)
class Snippet:
    """The first lines of a definition, with the path of the file it stands in."""

    path: str
    text: str


def definitions(path: str, text: str, tree: ast.Module) -> dict[str, Snippet]:
    """Return the first lines of each top-level function and class of a file, by name."""
    starts = line_starts(text)
    found = {}
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            last = min(node.end_lineno or node.lineno, node.lineno + MAX_SNIPPET_LINES)
            end = starts[last] if last < len(starts) else len(text)
            found[node.name] = Snippet(path, text[starts[node.lineno - 1] : end])
    return found


def snippets_for(
    path: str, near: str, index: Mapping[str, Snippet], most: int, random: Random
) -> tuple[Snippet, ...]:
    """Return up to ``most`` definitions from other files whose names occur in ``near``."""
    names = dict.fromkeys(NAME.findall(near))
    usable = [index[name] for name in names if name in index and index[name].path != path]
    random.shuffle(usable)
    return tuple(usable[:most])
