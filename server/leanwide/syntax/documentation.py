"""How each language documents a definition, and which lines of a text are documentation."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import tree_sitter
from attrs import frozen

from leanwide.syntax.languages import Language
from leanwide.syntax.outline import definitions, definitions_from
from leanwide.syntax.text import Position, content
from leanwide.syntax.tree import SyntaxTree

Run = tuple[int, int]
"""Numbers of lines, from the first up to, not including, the second."""

_INSTRUCTION: Final = re.compile(
    r"#!|//[^\s/!]|(?://[/!]|/\*[*!])<(?!\S)"
    r"|#\s*(?:-\*-|(?:encoding|frozen_string_literal|rubocop|shellcheck|typed)\b)"
)
"""Comments that are instructions to a tool, code that is no longer used, and Doxygen's about what
stands in front of them."""
_DIRECTIVE: Final = re.compile(
    r"//(?:[a-z0-9]+:[a-z]|(?:export|line|nolint)\b)"
    r"|#\s*(?:rubocop|shellcheck)\b|--\s*luacheck\b"
    r"|/[/*]\s*(?:@ts-|(?:biome|clang|eslint|istanbul|prettier)[- ]"
    r"|NOLINT|no(?:inspection|lint)\b)"
)
"""Instructions to a tool about the definition below."""
_ATTRIBUTES: Final = frozenset({"attribute_item"})
"""Node kinds that stand above a definition and are no part of it."""


@frozen(kw_only=True)
class DocumentationConvention:
    """How a language documents a definition."""

    name: str
    """What the model is told to write, with its article."""
    marks: tuple[str, ...] = ()
    """How such a comment starts; empty where it is the first string of a body."""
    further: str = ""
    """How the lines below such a comment start that belong to it; "" if there are none."""
    distinct: bool = True
    """The mark alone distinguishes it from other comments; otherwise its place above a definition
    does."""
    opening: str
    """How one begins, up to its first word; of several lines without their margin."""
    closing: str = ""
    """What closes it; "" where the first line that is no comment does."""
    names_first: bool = False
    """Its first word is the name of what it documents."""

    @property
    def inside(self) -> bool:
        """Whether it is in the body instead of above the definition."""
        return not self.marks


def _starred(name: str, *further: str) -> DocumentationConvention:
    return DocumentationConvention(
        name=name, marks=("/**", *further), opening="/**\n *", closing="*/"
    )


_JSDOC: Final = _starred("a JSDoc comment")
_DOXYGEN: Final = _starred("a Doxygen comment (/** … */)", "///", "/*!", "//!")
_HASH: Final = DocumentationConvention(
    name="a comment of # lines", marks=("#",), distinct=False, opening="#"
)

_CONVENTIONS: Final[Mapping[str, DocumentationConvention]] = MappingProxyType(
    {
        "bash": _HASH,
        "c": _DOXYGEN,
        "cpp": _DOXYGEN,
        "csharp": DocumentationConvention(
            name="an XML documentation comment (/// lines)",
            marks=("///", "/**"),
            opening="/// <summary>\n///",
        ),
        "go": DocumentationConvention(
            name="a Go doc comment (// lines)",
            marks=("//", "/*"),
            distinct=False,
            opening="//",
            names_first=True,
        ),
        "java": _starred("a Javadoc comment"),
        "javascript": _JSDOC,
        "lua": DocumentationConvention(
            name="an LDoc comment (--- lines)", marks=("---",), further="--", opening="---"
        ),
        "php": _starred("a PHPDoc comment"),
        "python": DocumentationConvention(
            name="a docstring as PEP 257 has it", opening='"""', closing='"""'
        ),
        "ruby": _HASH,
        "rust": DocumentationConvention(
            name="a doc comment (/// lines)", marks=("///", "/**"), opening="///"
        ),
        "tsx": _JSDOC,
        "typescript": _JSDOC,
    }
)


def documentation_convention(language: Language) -> DocumentationConvention | None:
    """Return how a language documents definitions; None where it has no convention."""
    return _CONVENTIONS.get(language.name)


def documentation_runs(tree: SyntaxTree, first: int, last: int) -> tuple[Run, ...]:
    """Return the runs of whole documentation lines that start from ``first`` to before ``last``."""
    convention = documentation_convention(tree.language)
    if convention is None:
        return ()
    if convention.inside:
        return tuple(run for line in range(first, last) if (run := _docstring(tree, line)))
    runs = _comments(tree, first, last)
    if convention.distinct:
        return runs
    heads = {found.start.line for found in definitions_from(tree, first, last + 1)}
    heads |= {announced_start(tree, line) for line in heads}
    return tuple(run for run in runs if run[1] in heads)


def documented_name(tree: SyntaxTree, run: Run) -> str:
    """Return the name of the definition that a run of documentation belongs to; "" if none."""
    convention = documentation_convention(tree.language)
    for definition in definitions(tree):
        if convention is not None and convention.inside:
            if definition.body_start is not None and definition.body_start.line == run[0]:
                return definition.name
        elif definition.start.line >= run[1]:
            is_above = announced_start(tree, definition.start.line) <= run[1]
            return definition.name if is_above else ""
    return ""


def documentation_above(tree: SyntaxTree, line: int) -> Run | None:
    """Return the lines of the documentation directly above ``line``, or above its attributes."""
    end = line
    while end > 0:
        start = end
        while start > 0 and (above := _documentation_ending(tree, start - 1)) is not None:
            start = above[0]
        if start < end:
            return start, end
        above_line = _announcement_ending(tree, end - 1)
        if above_line is None:
            return None
        end = above_line
    return None


def documentation_start(tree: SyntaxTree, line: int) -> int:
    """Return the first line of the documentation above ``line``; ``line`` without any."""
    found = documentation_above(tree, line)
    return line if found is None else found[0]


def announced_start(tree: SyntaxTree, line: int) -> int:
    """Return the first line of the attributes and directives directly above ``line``."""
    while line > 0:
        above = _announcement_ending(tree, line - 1)
        if above is None:
            break
        line = above
    return line


def first_documentation(tree: SyntaxTree) -> Run | None:
    """Return the first documentation in a text, also in one that holds only a comment."""
    count = len(tree.lines)
    if found := documentation_runs(tree, 0, count):
        return found[0]
    if definitions(tree):
        return None
    runs = _comments(tree, 0, count)
    return runs[0] if runs else None


def _announcement_ending(tree: SyntaxTree, line: int) -> int | None:
    """Return the first line of an attribute or a directive that ends on ``line``; None if none."""
    text = tree.lines[line].strip()
    prelude = tree.language.prelude
    if text.startswith("#!"):
        return None  # Rust's attributes of the file, a shell's first line
    if _DIRECTIVE.match(text) or (prelude and re.match(prelude, text)):
        return line
    for node in tree.around(_text_end(tree, line)):
        start = tree.span_of(node).start
        if node.type in _ATTRIBUTES and start == _text_start(tree, start.line):
            return start.line
    return None


def _comments(tree: SyntaxTree, first: int, last: int) -> tuple[Run, ...]:
    """Return the runs of documenting comments that start from ``first`` to before ``last``."""
    runs: list[Run] = []
    line = first
    while line < last:
        run = _comment(tree, line)
        if run is None:
            line += 1
            continue
        end = run[1]
        while end < len(tree.lines) and _is_further(tree, end):
            end += 1
        touches = runs and runs[-1][1] == line
        runs.append((runs.pop()[0] if touches else line, end))
        line = end
    return tuple(runs)


def _is_further(tree: SyntaxTree, line: int) -> bool:
    convention = documentation_convention(tree.language)
    text = tree.lines[line].strip()
    return (
        convention is not None
        and convention.further != ""
        and text.startswith(convention.further)
        and not text.startswith(f"{convention.further}[")
        and _DIRECTIVE.match(text) is None
    )


def _documentation_ending(tree: SyntaxTree, line: int) -> Run | None:
    """Return the lines of a documenting comment that ends on ``line``."""
    start = line
    while start > 0 and _is_further(tree, start) and _comment(tree, start) is None:
        start -= 1
    if run := _comment(tree, start):
        return run
    # A comment of several lines starts above the one that it ends on.
    for node in tree.around(_text_end(tree, start)):
        first = tree.span_of(node).start.line
        if node.type in tree.language.comments and first < start:
            return _comment(tree, first)
    return None


def _docstring(tree: SyntaxTree, line: int) -> Run | None:
    """Return the lines of a docstring that starts on ``line``."""
    around = (*tree.around(_text_start(tree, line)), None)
    for node, statement, body, owner in zip(*(around[at:] for at in range(4)), strict=False):
        if not node or not statement or not body or node.type != "string":
            continue
        is_defining = owner is None or owner.type in ("function_definition", "class_definition")
        if not is_defining or body.type not in ("block", "module"):
            continue
        if statement.type != "expression_statement":
            continue
        before = statement.prev_named_sibling
        while before and before.type in tree.language.comments:
            before = before.prev_named_sibling
        if before is None:
            return _whole_lines(tree, statement, line)
    return None


def _comment(tree: SyntaxTree, line: int) -> Run | None:
    """Return the lines of a documenting comment that starts on ``line``."""
    convention = documentation_convention(tree.language)
    if convention is None:
        return None
    start = _text_start(tree, line)
    text = content(tree.lines[line])[start.column :]
    if not text.startswith(convention.marks):
        return None
    if _INSTRUCTION.match(text) or _DIRECTIVE.match(text):
        return None
    for node in tree.around(start):
        if node.type in tree.language.comments:
            return _whole_lines(tree, node, line)
    return None


def _whole_lines(tree: SyntaxTree, node: tree_sitter.Node, line: int) -> Run | None:
    """Return the lines of ``node``; None unless it starts on ``line`` and fills its lines."""
    start, end = tree.span_of(node)
    if start != _text_start(tree, line):
        return None
    if end.column == 0 and end.line > start.line:
        return start.line, end.line
    after = content(tree.lines[end.line])[end.column :] if end.line < len(tree.lines) else ""
    return (start.line, end.line + 1) if not after.strip() else None


def _text_start(tree: SyntaxTree, line: int) -> Position:
    """Return the position behind the indentation of ``line``."""
    text = content(tree.lines[line])
    return Position(line, len(text) - len(text.lstrip()))


def _text_end(tree: SyntaxTree, line: int) -> Position:
    """Return the position of the last character of ``line`` that is no white space."""
    return Position(line, max(0, len(content(tree.lines[line]).rstrip()) - 1))
