"""Places to jump to: lines in the middle of functions, above which a new line is opened."""

from __future__ import annotations

import random
from typing import Final

from attrs import frozen

from leanwide.syntax import Definition, SyntaxTree, definitions, in_comment, in_string
from leanwide.syntax.statement import statement_start

_FUNCTIONS: Final = frozenset({"function", "method"})


@frozen(kw_only=True)
class FunctionPlace:
    """A statement in a function."""

    function: str
    line: int
    """From 0."""
    indentation: str


def function_places(tree: SyntaxTree, count: int) -> list[FunctionPlace]:
    """Return up to ``count`` places, each in another function, evenly over the file.

    Most follow each other at a distance: their order is drawn, and the same for the same file.
    """
    by_line = {
        place.line: place
        for found in definitions(tree)
        if found.kind in _FUNCTIONS and (place := _place(tree, found)) is not None
    }
    places = [by_line[line] for line in sorted(by_line)]
    if len(places) > count:
        places = [places[number * len(places) // count] for number in range(count)]
    random.Random(0).shuffle(places)  # noqa: S311  # no secret
    return places


def _place(tree: SyntaxTree, function: Definition) -> FunctionPlace | None:
    """Return the function's statement that is nearest to its middle; None without any."""
    body = range(function.signature_end.line + 1, function.end.line + 1)
    middle = (function.start.line + function.end.line) // 2
    for line in sorted(body, key=lambda line: abs(line - middle)):
        text = tree.lines[line]
        column = len(text) - len(text.lstrip())
        at = (line, column)
        is_code = text[column : column + 1].isalpha() and not (
            in_comment(tree, at) or in_string(tree, at)
        )
        if is_code and statement_start(tree, at).line == line:
            return FunctionPlace(function=function.name, line=line, indentation=text[:column])
    return None
