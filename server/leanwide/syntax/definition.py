"""A definition, and how it is read from the matches of `definitions.scm`."""

import re
from collections.abc import Iterable, Iterator
from operator import attrgetter, itemgetter
from typing import Final

import attrs
import tree_sitter

from leanwide.syntax.matching import Captures
from leanwide.syntax.text import Position, Span
from leanwide.syntax.tree import SyntaxTree

_PREFIX: Final = "definition."
_NAME_LIMIT: Final = 80
_MOST_DECLARATORS: Final = 100
"""Stars, parentheses and the like around a name in C."""
_OWNER: Final = re.compile(r"\.|::?")


@attrs.frozen
class Definition:
    """Something with a name: a function, a class, a Markdown section, a table and so on."""

    name: str
    kind: str
    """The word after `definition.` in the query file: function, method, class, section…"""
    start: Position
    """Where it starts, decorators and `export` included."""
    end: Position
    signature_end: Position
    """Where its head ends, without the white space before the body."""
    body_start: Position | None
    """Where the body starts (at the brace, if there is one); None without a body."""
    parent: "Definition | None" = attrs.field(default=None, repr=False, eq=False)
    """The innermost definition around it."""
    level: int = 0
    """How many definitions are around it."""

    @property
    def span(self) -> Span:
        """From `start` to `end`."""
        return Span(self.start, self.end)


@attrs.frozen
class _Match:
    kind: str
    node: tree_sitter.Node
    name: tree_sitter.Node
    body: tree_sitter.Node | None

    @classmethod
    def of(cls, captures: Captures) -> "_Match | None":
        kind = next((key for key in captures if key.startswith(_PREFIX)), None)
        if kind is None or ("name" not in captures and kind != "definition.rule"):
            return None
        node = captures[kind][0]
        body = captures["body"][0] if "body" in captures else None
        name = captures["name"][0] if "name" in captures else node.children[0]
        return cls(kind.removeprefix(_PREFIX), node, name, body)

    @property
    def rank(self) -> tuple[int, bool]:
        return self.node.start_byte - self.node.end_byte, self.body is not None


def read(tree: SyntaxTree, found: Iterable[Captures]) -> list[Definition]:
    """Return the definitions in `found` in the order of the text, outer before inner."""
    flat = [_merged(tree, group) for group in _by_name(found)]
    flat.sort(key=lambda one: (one.start, (-one.end.line, -one.end.column)))
    return list(_nested(flat))


def read_outermost(tree: SyntaxTree, found: Iterable[Captures]) -> list[Definition]:
    """Return the definitions in `found` that no other one of them holds, in their order."""
    kept: list[list[_Match]] = []
    last = -1
    for start, end, group in sorted(map(_extent, _by_name(found)), key=itemgetter(0, 1)):
        if start >= last:
            kept.append(group)
            last = -end
    return [_merged(tree, group) for group in kept]


def _extent(group: list[_Match]) -> tuple[int, int, list[_Match]]:
    """The first byte of a group, and minus its end: in this order, the outer comes first."""
    start = min(match.node.start_byte for match in group)
    return start, -max(match.node.end_byte for match in group), group


def _by_name(found: Iterable[Captures]) -> Iterable[list[_Match]]:
    groups: dict[int, list[_Match]] = {}
    for match in filter(None, map(_Match.of, found)):
        groups.setdefault(match.name.start_byte, []).append(match)
    return groups.values()


def _merged(tree: SyntaxTree, group: list[_Match]) -> Definition:
    """One definition of all matches of a name: the widest span, the kind of the narrowest."""
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


def _nested(flat: list[Definition]) -> Iterator[Definition]:
    around: list[Definition] = []
    for one in flat:
        while around and one.start >= around[-1].end:
            around.pop()
        parent = around[-1] if around else None
        around.append(attrs.evolve(one, parent=parent, level=len(around)))
        yield around[-1]


def _name(tree: SyntaxTree, kind: str, node: tree_sitter.Node) -> str:
    """Return the name alone: without the parameters of C, what it belongs to, type arguments."""
    for _ in range(_MOST_DECLARATORS):
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
    return name[:_NAME_LIMIT]


def trimmed(tree: SyntaxTree, start: Position, end: Position) -> Position:
    """Return `end`, or the end of the text before it where that is white space."""
    line, column = end
    while line > start.line and not _line(tree, line)[:column].strip():
        line -= 1
        column = len(_line(tree, line))
    return max(start, Position(line, len(_line(tree, line)[:column].rstrip())))


def _line(tree: SyntaxTree, line: int) -> str:
    return tree.lines[line] if line < len(tree.lines) else ""
