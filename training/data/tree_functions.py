"""Functions of a parsed file with their documentation comments, and instruction pairs of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from textwrap import dedent
from typing import Final

from leanwide.syntax import (
    Definition,
    content,
    definitions,
    documentation_convention,
    documentation_start,
)
from training.data import edits, pairs, spoken
from training.data.pairs import Pair
from training.data.trees import Tree

KINDS: Final = frozenset({"function", "method"})
LEAST_LINES: Final = 3
"""Of a function with something to explain."""
REQUESTS: Final = {
    "explain": pairs.EXPLAIN,
    "say": pairs.EXPLAIN,
    "document": (
        "Document this code.",
        "Document this code: add {convention}, and change nothing else.",
        "Add {convention} to this function.",
    ),
}
_MARKS: Final = re.compile(r"^\s*(?:/\*[*!]?|\*/|\*(?!/)|//[/!]?|#+)[ \t]?|\s*\*/\s*$")
_BRIEF: Final = re.compile(r"^\s*[@\\](?:brief|short)\s+")
_TAG: Final = re.compile(r"^\s*(?:[@\\]\w+|#+ |(?:Parameters|Arguments|Args|Returns?|Example)s?:)")
_INLINE: Final = re.compile(
    r"\{@\w+\s+([^}]*)\}|</?\w+[^>]*>|\[(`[^`]*`)\](?:\([^)]*\))?|[@\\][cp] "
)


@dataclass(frozen=True, slots=True)
class Function:
    """A function without its documentation, from column 0 on, and that documentation as prose."""

    name: str
    language: str
    code: str
    documentation: str
    comment: str
    """How a documentation comment of one sentence reads, with ``%s`` in its place."""
    convention: str
    """What the server calls such a comment."""

    @property
    def description(self) -> str | None:
        """The documentation's first sentence if it describes what the name says."""
        text = pairs.sentence(self.documentation)
        return text if pairs.is_prose(text) and spoken.speaks(text, self.name) else None


def definitions_of(tree: Tree) -> list[Definition]:
    """Return every function and method with a body of its own lines."""
    if documentation_convention(tree.language) is None:
        return []
    found = (d for d in definitions(tree.syntax) if d.kind in KINDS and d.body_start)
    return [d for d in found if d.end.line - d.start.line + 1 >= LEAST_LINES]


def pairs_of(tree: Tree, definition: Definition, random: Random) -> Iterator[Pair]:
    """Yield every pair for a function."""
    function = function_of(tree, definition)
    if len(function.code) > pairs.MAX_CODE:
        return
    text, said = function.description, spoken.sentence(function.name, ())
    if text:
        documented = f"{function.comment % text}\n{function.code}"
        yield _pair("explain", function, pairs.headed(function.name, text), random)
        yield _pair("document", function, pairs.fenced(documented, function.language), random)
    elif said:
        yield _pair("say", function, pairs.headed(function.name, said), random)
    for edit in edits.edits(tree, definition.span, random):
        request = pairs.asked(edit.request, edit.before, function.language)
        yield Pair(edit.kind, request, pairs.fenced(edit.after, function.language))


def function_of(tree: Tree, definition: Definition) -> Function:
    """Return a function with its documentation, which stands above it."""
    lines = tree.syntax.lines
    convention = documentation_convention(tree.language)
    assert convention is not None
    first, last = definition.start.line, definition.end.line + 1
    while first and _is_prelude(tree, content(lines[first - 1])):
        first -= 1
    start = _comment_start(tree, documentation_start(tree.syntax, first))
    mark = convention.marks[0]
    return Function(
        name=definition.name,
        language=tree.language.name,
        code=dedent("".join(lines[first:last])).rstrip(),
        documentation=prose("".join(lines[start:first])),
        comment=f"{mark} %s */" if mark.startswith("/*") else f"{mark} %s",
        convention=convention.name,
    )


def prose(comment: str) -> str:
    """Return the text of a documentation comment up to its first tag or heading."""
    lines: list[str] = []
    for line in comment.splitlines():
        text = _BRIEF.sub("", _MARKS.sub("", _MARKS.sub("", line)))
        if _TAG.match(text):
            break
        lines.append(_INLINE.sub(lambda found: found[1] or found[2] or "", text).rstrip())
    return "\n".join(lines).strip()


def _pair(kind: str, function: Function, answer: str, random: Random) -> Pair:
    request = random.choice(REQUESTS[kind]).replace("{convention}", function.convention)
    return Pair(kind, pairs.asked(request, function.code, function.language), answer)


def _comment_start(tree: Tree, line: int) -> int:
    """Return the first line of a plain comment directly above ``line``, else ``line``."""
    lines = tree.syntax.lines
    if line and lines[line - 1].strip().endswith("*/"):
        opened = (n for n in range(line - 1, -1, -1) if lines[n].lstrip().startswith("/*"))
        return next(opened, line)
    while line and tree.language.comment and lines[line - 1].startswith(tree.language.comment):
        line -= 1
    return line


def _is_prelude(tree: Tree, line: str) -> bool:
    return bool(tree.language.prelude and re.match(tree.language.prelude, line.strip()))
