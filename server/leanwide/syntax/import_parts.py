"""What import statements bring in, name by name, and statements that bring in less."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Iterator
from typing import Final

import tree_sitter
from attrs import field, frozen

from leanwide.syntax.matching import matches
from leanwide.syntax.names import import_names, import_nodes, import_span, imported_name
from leanwide.syntax.text import Span
from leanwide.syntax.tree import SyntaxTree

_NAMED: Final = frozenset({"named_imports", "object_pattern"})
"""Lists whose brackets say what is imported: JavaScript's ``{ a }`` is not a module's default."""
_BRACKETS: Final = frozenset("(){}")
_SEPARATORS: Final = frozenset(",;")
_QUOTES: Final = frozenset("\"'`")
_TYPES_ONLY: Final = "type "
"""How the source of a name begins that is imported as a type only."""

_MAX_PARTS: Final = 200
"""Parts of a statement: one with more is not taken apart."""
_ITSELF: Final = " :: self"
"""Rust's name for a module in a list of what it holds."""

ByteRange = tuple[int, int]


@frozen
class ImportPart:
    """One thing that an import statement brings in."""

    name: str
    """What it is called from then on; "" for all names of a module, or only its effects."""
    source: str
    """What it is: the words of a statement that imports it alone."""
    exclusive: bool
    """Whether its name can mean one thing only, so that no other import may bring it in."""
    hides: bool
    """Whether it may give names that the file has another meaning: Python's ``*``."""
    item: ByteRange = field(repr=False)
    """Where it stands in the text that the parser sees."""

    def is_among(self, sources: Collection[str]) -> bool:
        """Whether one of some sources is the same; a value is imported with its type."""
        return self.source in sources or self.source.removeprefix(_TYPES_ONLY) in sources


@frozen(eq=False)
class ImportStatement:
    """An import statement and its parts."""

    span: Span
    parts: tuple[ImportPart, ...]
    """Empty for a package clause, which some queries count among imports."""
    at_top: bool
    """Whether it stands at the top level."""
    conditional: bool
    """Whether an attribute may leave it out."""
    _tree: SyntaxTree = field(repr=False)
    _node: tree_sitter.Node = field(repr=False)

    def only(self, parts: Collection[ImportPart]) -> str:
        """Return the text of the statement with some of its parts, at least one."""
        every = tuple(sorted(part.item for part in self.parts))
        kept = tuple(sorted(part.item for part in parts))
        return _Pruned(self._tree, every, kept).text(self._node).rstrip()


def import_statements(tree: SyntaxTree) -> tuple[ImportStatement, ...]:
    """Return the imports at or near the top level, in the order of the text. Not for every key."""
    top: dict[int, tree_sitter.Node | None] = {}
    before: tree_sitter.Node | None = None
    for node in tree.root.named_children:
        top[node.start_byte] = before
        before = before if node.is_extra else node
    return tuple(
        ImportStatement(
            import_span(tree, node),
            tuple(_parts(tree, node)),
            node.start_byte in top,
            (above := top.get(node.start_byte)) is not None and above.type == "attribute_item",
            tree,
            node,
        )
        for node in import_nodes(tree)
    )


def _parts(tree: SyntaxTree, node: tree_sitter.Node) -> Iterator[ImportPart]:
    """Yield the parts of an import: what its query captures, else all of it as one."""
    items: dict[ByteRange, tuple[str, bool]] = {}
    hides = False
    for captures in matches(tree, "imports", node):
        if "package" in captures:
            return
        hides = hides or "everything" in captures
        names = import_names(captures)
        text = imported_name(tree, names[0]) if names else ""
        for found in captures.get("item", names):
            items.setdefault(found.byte_range, ("", False))
            if text:
                items[found.byte_range] = text, "name" in captures
    kept = _outermost(items)
    if not 0 < len(kept) <= _MAX_PARTS:
        kept = {node.byte_range: ("", False)}
    for item, (name, exclusive) in kept.items():
        source = _Pruned(tree, tuple(kept), (item,)).source(node)
        yield ImportPart(name, source, exclusive, hides, item)


def _outermost(items: dict[ByteRange, tuple[str, bool]]) -> dict[ByteRange, tuple[str, bool]]:
    """Return items that lie in no other one, which take over the names inside them."""
    kept: dict[ByteRange, tuple[str, bool]] = {}
    last = (-1, -1)
    for item, named in sorted(items.items(), key=lambda one: (one[0][0], -one[0][1])):
        if item[1] <= last[1]:
            kept[last] = kept[last] if kept[last][0] else named
        else:
            last, kept[item] = item, named
    return kept


@frozen
class _Pruned:
    """An import statement of which some items are kept."""

    tree: SyntaxTree
    every: tuple[ByteRange, ...]
    """In the order of the text; none lies in another."""
    kept: tuple[ByteRange, ...]

    @property
    def dropped(self) -> tuple[ByteRange, ...]:
        """The items that are not kept."""
        kept = set(self.kept)
        return tuple(item for item in self.every if item not in kept)

    def text(self, node: tree_sitter.Node) -> str:
        """Return the text of a node, without the items in it that are not kept."""
        if not self._has_any(node, self.dropped):
            return self._between(node.start_point, node.end_point)
        lists = [child for child in node.children if self._has_any(child, self.every)]
        parts = [self._between(node.start_point, lists[0].start_point)]
        above: tree_sitter.Node | None = None
        for child in lists:
            if self._has_any(child, self.kept):
                parts += [self._separator(child) if above is not None else "", self.text(child)]
                above = child
        return "".join((*parts, self._between(lists[-1].end_point, node.end_point)))

    def source(self, node: tree_sitter.Node) -> str:
        """Return the words of a statement, the same for all ways to write it."""
        words = list(self._words(node, None))
        kind = _TYPES_ONLY if None in words else ""
        text = " ".join(word for word in words if word is not None)
        return kind + text.removesuffix(_ITSELF)

    def _words(
        self, node: tree_sitter.Node, parent: tree_sitter.Node | None
    ) -> Iterator[str | None]:
        """Yield the tokens of what is kept, None for TypeScript's ``type``."""
        if node.is_extra or node.type == "visibility_modifier":
            return
        if self._has_any(node, self.every) and not self._has_any(node, self.kept):
            return
        if node.children:
            for child in node.children:
                yield from self._words(child, node)
        elif node.type == "type" and not node.is_named:
            yield None
        elif node.type in _QUOTES:
            yield '"'
        elif node.type not in _SEPARATORS and (
            node.type not in _BRACKETS or (parent is not None and parent.type in _NAMED)
        ):
            yield self._between(node.start_point, node.end_point)

    def _separator(self, child: tree_sitter.Node) -> str:
        """Return what stands in front of a node of a list, without comments."""
        before = child.prev_sibling
        comma, gap = "", ""
        while before is not None and not self._has_any(before, self.every):
            comma = before.type if before.type in (",", ";") else comma
            before = before.prev_sibling
        if before is not None:
            gap = self._between(before.end_point, child.start_point)
        return comma + gap[len(gap.rstrip()) :]

    def _has_any(self, node: tree_sitter.Node, items: tuple[ByteRange, ...]) -> bool:
        """Whether one of some items, in the order of the text, lies in a node."""
        first = bisect_left(items, (node.start_byte, 0))
        return first < len(items) and items[first][1] <= node.end_byte

    def _between(self, start: tuple[int, int], end: tuple[int, int]) -> str:
        return self.tree.text(Span(self.tree.position(start), self.tree.position(end)))
