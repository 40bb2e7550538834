"""A definition, built from the matches of ``definitions.scm``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from operator import attrgetter, itemgetter
from typing import Final

import tree_sitter
from attrs import evolve, field, frozen

from leanwide.syntax.matching import Captures
from leanwide.syntax.text import Position, Span
from leanwide.syntax.tree import SyntaxTree

_PREFIX: Final = "definition."
_MAX_NAME: Final = 80
"""Characters of a name."""
_MAX_DECLARATORS: Final = 100
"""Stars, parentheses and the like around a name in C."""
_OWNER: Final = re.compile(r"\.|::?")


@frozen
class Definition:
    """Something with a name: a function, a class, a Markdown section, a table and so on."""

    name: str
    kind: str
    """The word after ``definition.`` in the query file: function, method, class, section, …"""
    start: Position
    """Its start, decorators and ``export`` included."""
    end: Position
    signature_end: Position
    """The end of its head, without the white space before the body."""
    body_start: Position | None
    """The start of its body, at the brace if there is one; None without a body."""
    parent: Definition | None = field(default=None, repr=False, eq=False)
    """The innermost definition around it."""
    level: int = 0
    """The number of definitions around it."""

    @property
    def span(self) -> Span:
        """From ``start`` to ``end``."""
        return Span(self.start, self.end)


@frozen
class _Match:
    kind: str
    node: tree_sitter.Node
    name: tree_sitter.Node
    body: tree_sitter.Node | None

    @classmethod
    def of(cls, captures: Captures) -> _Match | None:
        kind = next((key for key in captures if key.startswith(_PREFIX)), None)
        if kind is None or ("name" not in captures and kind != "definition.rule"):
            return None
        node = captures[kind][0]
        body = captures["body"][0] if "body" in captures else None
        name = captures["name"][0] if "name" in captures else node.children[0]
        return cls(kind.removeprefix(_PREFIX), node, name, body)

    @property
    def rank(self) -> tuple[int, bool]:
        """Larger for narrower matches, and for those with a body."""
        return self.node.start_byte - self.node.end_byte, self.body is not None


def read_definitions(tree: SyntaxTree, found: Iterable[Captures]) -> list[Definition]:
    """Return the definitions in ``found`` in the order of the text, outer before inner."""
    flat = [_merged(tree, group) for group in _by_name(found)]
    flat.sort(key=lambda found: (found.start, (-found.end.line, -found.end.column)))
    nested: list[Definition] = []
    around: list[Definition] = []
    for definition in flat:
        while around and definition.start >= around[-1].end:
            around.pop()
        parent = around[-1] if around else None
        around.append(evolve(definition, parent=parent, level=len(around)))
        nested.append(around[-1])
    return nested


def read_outermost_definitions(tree: SyntaxTree, found: Iterable[Captures]) -> list[Definition]:
    """Return the definitions in ``found`` that lie in no other one of them, in text order."""
    kept: list[list[_Match]] = []
    last = -1
    for start, end, group in sorted(map(_extent, _by_name(found)), key=itemgetter(0, 1)):
        if start >= last:
            kept.append(group)
            last = -end
    return [_merged(tree, group) for group in kept]


def _extent(group: list[_Match]) -> tuple[int, int, list[_Match]]:
    """Return the first byte of a group and minus its end, which sorts outer before inner."""
    start = min(match.node.start_byte for match in group)
    return start, -max(match.node.end_byte for match in group), group


def _by_name(found: Iterable[Captures]) -> Iterable[list[_Match]]:
    """Return the matches in groups that share a name node."""
    groups: dict[int, list[_Match]] = {}
    for match in filter(None, map(_Match.of, found)):
        groups.setdefault(match.name.start_byte, []).append(match)
    return groups.values()


def _merged(tree: SyntaxTree, group: list[_Match]) -> Definition:
    """Return one definition for all matches of a name: the widest span, the narrowest kind."""
    narrow = max(group, key=attrgetter("rank"))
    wide = min(group, key=attrgetter("node.start_byte"))
    span = tree.span_of(wide.node)
    end = trimmed(tree, *span)
    body = next((match.body for match in group if match.body), None)
    body_start = tree.position(body.start_point) if body else None
    head_end = min(body_start, end) if body_start else end
    if not body_start and not tree.language.containers:
        head_end = min(end, Position(span.start.line, len(tree.lines[span.start.line])))
    return Definition(
        _name(tree, narrow.kind, narrow.name),
        narrow.kind,
        span.start,
        end,
        trimmed(tree, span.start, head_end),
        body_start,
    )


def _name(tree: SyntaxTree, kind: str, node: tree_sitter.Node) -> str:
    """Return the bare name: without C's parameters, its owner or type arguments."""
    for _ in range(_MAX_DECLARATORS):
        inner = node.child_by_field_name("declarator")
        if inner is None and node.type.endswith("_declarator") and node.named_child_count:
            inner = node.named_child(node.named_child_count - 1)
        if inner is None:
            break
        node = inner
    name = " ".join(tree.text(tree.span_of(node)).split())
    if kind in ("function", "method"):
        name = _OWNER.split(name)[-1]
    elif kind == "implementation":
        name = name.partition("<")[0]
    return name[:_MAX_NAME]


def trimmed(tree: SyntaxTree, start: Position, end: Position) -> Position:
    """Return ``end`` without the white space before it."""
    line, column = end
    while line > start.line and not _line(tree, line)[:column].strip():
        line -= 1
        column = len(_line(tree, line))
    return max(start, Position(line, len(_line(tree, line)[:column].rstrip())))


def _line(tree: SyntaxTree, line: int) -> str:
    return tree.lines[line] if line < len(tree.lines) else ""
