"""Documented functions of a file, as questions with a true answer. Pure.

An explanation has no true text, but a function's documentation says what it is for. The question
shows the function without its documentation, which is the truth.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import PurePath
from textwrap import dedent
from typing import Final

from leanwide.context.view import View
from leanwide.prompt.question import CodeContext, explain_question
from leanwide.syntax import (
    Definition,
    SyntaxTree,
    content,
    definitions,
    documentation_above,
    documentation_convention,
    documentation_runs,
)
from leanwide.tuning.holes import Hole, SourceFile, hole_id

KIND: Final = "documentation"
_LINES: Final = range(3, 60)
"""Lines of a function without its documentation."""
_CHARACTERS: Final = range(20, 400)
"""Characters of the documentation's first paragraph."""
_MARKS: Final = re.compile(
    r"""^\s*(?:[a-zA-Z]{0,2}(?:\"{3}|'{3}|["'])|/\*[*!]+|\*+(?!/)|//[/!]?|---?|\#+)?\s*"""
)
_END: Final = re.compile(r"""\s*(?:\"{3}|'{3}|["']|\*+/)\s*$""")


def documented(source: SourceFile) -> Iterator[Hole]:
    """Yield the documented functions of a file; the same text gives the same order."""
    found = {}
    for definition in definitions(source.tree):
        if (hole := _hole(source, definition)) is not None:
            found[hole.id] = hole
    for name in sorted(found):
        yield found[name]


def question_about(hole: Hole) -> str:
    """Return the text of a question about a documented function."""
    view = hole.view
    code = "".join(view.lines)
    name = PurePath(view.path).name
    return explain_question(CodeContext(file=name, language="", code=code, focus="", around=""))


def _hole(source: SourceFile, definition: Definition) -> Hole | None:
    tree = source.tree
    first, last = definition.start.line, definition.end.line + 1
    run = _documentation(tree, definition)
    if run is None:
        return None
    rows = [row for row in range(first, min(last, len(tree.lines))) if not run[0] <= row < run[1]]
    truth = _words([content(line) for line in tree.lines[run[0] : run[1]]])
    if len(rows) not in _LINES or len(truth) not in _CHARACTERS:
        return None
    code = dedent("\n".join(content(tree.lines[row]) for row in rows))
    view = View(
        uri=source.uri,
        path=source.path,
        language_id="",
        version=0,
        lines=(code,),
        line=0,
        column=0,
    )
    return Hole(hole_id(source, KIND, first, code), KIND, view, truth)


def _documentation(tree: SyntaxTree, definition: Definition) -> tuple[int, int] | None:
    """Return the lines that document a definition: the first, and the one after the last."""
    convention = documentation_convention(tree.language)
    if convention is None or definition.body_start is None:
        return None
    if convention.inside:
        start = definition.body_start.line
        return next(iter(documentation_runs(tree, start, start + 1)), None)
    return documentation_above(tree, definition.start.line)


def _words(lines: Sequence[str]) -> str:
    """Return the first paragraph of a documentation without comment marks and quotes."""
    paragraph: list[str] = []
    for line in lines:
        words = _END.sub("", _MARKS.sub("", line, count=1)).strip()
        if words:
            paragraph.append(words)
        elif paragraph:
            break
    return " ".join(paragraph)
