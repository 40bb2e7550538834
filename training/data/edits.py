"""Small edits of a function that syntax alone shows to be safe, in any language with a grammar."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from textwrap import dedent
from typing import Final

import tree_sitter

from leanwide.syntax import Span
from leanwide.syntax.matching import captured
from training.data.trees import Tree, nodes

DOLLARS: Final = frozenset({"javascript", "typescript", "tsx", "java"})
"""Languages in which a dollar sign is part of a name."""
NEW_NAMES: Final = (
    "value", "item", "result", "index", "entry", "current", "total", "name", "data", "key",
    "left", "right", "count", "buffer", "source", "target", "first", "last", "path", "line",
)  # fmt: skip
RENAME: Final = (
    "Rename `{old}` to `{new}`.",
    "Change this code: rename `{old}` to `{new}`.",
    "Rename the variable `{old}` to `{new}`.",
    "Call `{old}` `{new}` instead.",
)
UNCOMMENT: Final = ("Remove the comments.", "Change this code: remove the comments.")
NAMED: Final = frozenset({"identifier", "variable_name"})
BRACKETS: Final = (
    ("generic_type", r"Array<([\w.]+)>", r"\1[]", "Write array types with brackets."),
)
NEWER: Final = {
    "go": (
        ("interface_type", r"interface\s*\{\s*\}", "any", "Use `any` for the empty interface."),
    ),
    "cpp": (("null", "NULL", "nullptr", "Use `nullptr`."),),
    "bash": (
        ("command_substitution", r"`([^`\\]*)`", r"$(\1)", "Use `$(…)` instead of backticks."),
    ),
    "typescript": BRACKETS,
    "tsx": BRACKETS,
}
"""By language: a kind of node, its whole text as a pattern, the replacement, the request."""
ANNOTATE: Final = ("Add types to this function.", "Change this code: add types.")


@dataclass(frozen=True, slots=True)
class Edit:
    """A request, and the code before and after it."""

    kind: str
    request: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Place:
    """Whole lines of a file, as character offsets, and the node that they hold."""

    start: int
    end: int
    node: tree_sitter.Node


Change = tuple[int, int, str]
"""Offsets of characters, and what takes their place."""


def edits(tree: Tree, span: Span, random: Random) -> Iterator[Edit]:
    """Yield the edits of the definition that fills ``span``."""
    point = tree.syntax.point
    node = tree.syntax.root.descendant_for_point_range(point(span.start), point(span.end))
    if node is None:
        return
    start = tree.offset(node.start_byte)
    place = Place(tree.text.rfind("\n", 0, start) + 1, tree.offset(node.end_byte), node)
    code = dedent(tree.text[place.start : place.end])
    for kind, request, changes in (
        *_renamed(tree, span, place, random),
        *_uncommented(tree, place, random),
        *_modernised(tree, place),
    ):
        yield Edit(kind, request, code, _changed(tree, place, changes))
    for kind, request, changes in _without_types(tree, place, random):
        yield Edit(kind, request, _changed(tree, place, changes), code)


def _changed(tree: Tree, place: Place, changes: list[Change]) -> str:
    pieces, last = [], place.start
    for start, end, text in sorted(changes):
        pieces += [tree.text[last:start], text]
        last = end
    return dedent("".join((*pieces, tree.text[last : place.end])))


def _renamed(
    tree: Tree, span: Span, place: Place, random: Random
) -> Iterator[tuple[str, str, list[Change]]]:
    """Rename a local name whose every occurrence is an identifier of its own."""
    text = tree.text[place.start : place.end]
    local = {tree.text_of(node) for node in captured(tree.syntax, "scopes", "local", span)}
    part = r"[\w$]" if tree.language.name in DOLLARS else r"\w"
    free = [name for name in NEW_NAMES if not re.search(rf"\b{name}\b", text)]
    for old in random.sample(sorted(local), len(local)):
        used = [n for n in nodes(tree, place.node) if n.type in NAMED and tree.text_of(n) == old]
        written = re.findall(rf"(?<!{part}){re.escape(old)}(?!{part})", text)
        if free and 2 <= len(used) == len(written):
            new = random.choice(free)
            request = random.choice(RENAME).format(old=old, new=new)
            yield "rename", request, [(*_ends(tree, node), new) for node in used]
            return


def _uncommented(
    tree: Tree, place: Place, random: Random
) -> Iterator[tuple[str, str, list[Change]]]:
    """Remove the comments that have their lines to themselves."""
    changes = []
    for node in nodes(tree, place.node):
        start, end = _ends(tree, node)
        line = tree.text.rfind("\n", 0, start) + 1
        alone = not tree.text[line:start].strip() and tree.text[end : end + 1] == "\n"
        if node.type in tree.language.comments and alone and line > place.start:
            changes.append((line, end + 1, ""))
    if changes:
        yield "uncomment", random.choice(UNCOMMENT), changes


def _modernised(tree: Tree, place: Place) -> Iterator[tuple[str, str, list[Change]]]:
    """Replace an older notation by a newer one."""
    for kind, pattern, replacement, request in NEWER.get(tree.language.name, ()):
        changes = [
            (*_ends(tree, node), found.expand(replacement))
            for node in nodes(tree, place.node)
            if node.type == kind and (found := re.fullmatch(pattern, tree.text_of(node)))
        ]
        if changes:
            yield "modernise", request, changes


def _without_types(
    tree: Tree, place: Place, random: Random
) -> Iterator[tuple[str, str, list[Change]]]:
    """Remove TypeScript's annotations, so that the request can be to add them."""
    if tree.language.name not in ("typescript", "tsx"):
        return
    kinds = [n for n in nodes(tree, place.node) if n.type == "type_annotation"]
    if kinds:
        request = random.choice(ANNOTATE)
        yield "annotate", request, [(*_ends(tree, node), "") for node in _outermost(kinds)]


def _outermost(found: list[tree_sitter.Node]) -> list[tree_sitter.Node]:
    kept: list[tree_sitter.Node] = []
    for node in found:
        if not kept or node.start_byte >= kept[-1].end_byte:
            kept.append(node)
    return kept


def _ends(tree: Tree, node: tree_sitter.Node) -> tuple[int, int]:
    return tree.offset(node.start_byte), tree.offset(node.end_byte)
