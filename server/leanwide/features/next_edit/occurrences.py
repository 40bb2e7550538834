"""Where a name stands in a document, and what it is there."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterator
from itertools import pairwise

import tree_sitter
from attrs import frozen

from leanwide.features.next_edit.node_types import (
    CLASSES,
    COMMAND_NAMES,
    FUNCTIONS,
    IMPORTS,
    KEYS,
    LABELS,
    MEMBER_NAMES,
    NAMED,
    PARAMETERS,
    VARIABLE_NAMES,
    WORDS,
)
from leanwide.features.next_edit.tokens import MEMBER_OPERATORS
from leanwide.syntax import Position, Span, SyntaxTree
from leanwide.syntax.matching import captured


class Role(enum.Enum):
    """What a name is where it stands."""

    PARAMETER = enum.auto()
    VARIABLE = enum.auto()
    """Bound in a function, or outside of all."""
    DEFINITION = enum.auto()
    """The name of a function, a class or a type."""
    IMPORTED = enum.auto()
    MEMBER = enum.auto()
    """Of an object, a type or a module."""
    KEY = enum.auto()
    """Of an argument or a field that is given by name."""
    USE = enum.auto()


@frozen(eq=False)
class Occurrence:
    """A name at one place of a document."""

    span: Span
    around: tuple[tree_sitter.Node, ...]
    """The nodes that hold it, the smallest first and the root last."""
    role: Role

    @property
    def function(self) -> tree_sitter.Node | None:
        """The innermost function that it is in; its own name is not in a function."""
        functions = (node for node in self.around if node.type in FUNCTIONS)
        innermost = next(functions, None)
        if self.role is Role.DEFINITION and innermost is not None and self._names(innermost):
            return next(functions, None)
        return innermost

    @property
    def is_command(self) -> bool:
        """Whether it names a command of a shell, which no variable is."""
        return self.around[0].type in WORDS

    @property
    def class_scope(self) -> tree_sitter.Node | None:
        """The class in whose body it stands, outside of every method."""
        nearest = (node for node in self.around if node.type in FUNCTIONS or node.type in CLASSES)
        node = next(nearest, None)
        return node if node is not None and node.type in CLASSES else None

    def _names(self, function: tree_sitter.Node) -> bool:
        body = function.child_by_field_name("body")
        return body is None or self.around[0].end_byte <= body.start_byte


def occurrences(tree: SyntaxTree, name: str, span: Span | None = None) -> Iterator[Occurrence]:
    """Yield where ``name`` is a name of the code, in the order of the text.

    Strings and comments are left out.
    """
    word = re.compile(rf"(?<!\w){re.escape(name)}(?![\w$])")
    first, last = (span.start.line, span.end.line + 1) if span else (0, len(tree.lines))
    for number in range(first, min(last, len(tree.lines))):
        line = tree.lines[number]
        if name not in line:
            continue
        for found in word.finditer(line):
            here = Span(Position(number, found.start()), Position(number, found.end()))
            if span is None or span.holds(here):
                occurrence = occurrence_at(tree, here)
                if occurrence is not None and not _is_cut(occurrence, line[: found.start()]):
                    yield occurrence


def occurrence_at(tree: SyntaxTree, span: Span) -> Occurrence | None:
    """Return the name at a span; None where there is none, as in strings and comments."""
    around = tree.around(span.start, span.end)
    if not around or not _is_name(tree, around, span) or in_text(tree, around):
        return None
    return Occurrence(span, around, _role(tree, span, around))


def in_text(tree: SyntaxTree, around: tuple[tree_sitter.Node, ...]) -> bool:
    """Whether what ``around`` holds is in a string or a comment."""
    language = tree.language
    for node in around:
        if node.type in language.embedded:
            return False
        if node.type in language.strings or node.type in language.comments:
            return True
    return False


def _is_name(tree: SyntaxTree, around: tuple[tree_sitter.Node, ...], span: Span) -> bool:
    node = around[0]
    if node.type in LABELS:
        return False
    if node.type in WORDS and not (len(around) > 1 and around[1].type in COMMAND_NAMES):
        return False
    return node.is_named and node.child_count == 0 and tree.span_of(node) == span


def _is_cut(occurrence: Occurrence, before: str) -> bool:
    """Whether a ``$`` in front of a name is a part of it."""
    return before.endswith("$") and occurrence.around[0].type not in VARIABLE_NAMES


def _role(tree: SyntaxTree, span: Span, around: tuple[tree_sitter.Node, ...]) -> Role:
    leaf = around[0]
    if any(node.type in IMPORTS for node in around):
        return Role.IMPORTED
    if any(_is_field(one, KEYS[one.type], leaf) for one in around[1:4] if one.type in KEYS):
        return Role.KEY
    if follows_member_operator(tree, span):
        return Role.MEMBER
    if len(around) > 1 and around[1].type in NAMED and _is_field(around[1], "name", leaf):
        return Role.DEFINITION
    if leaf.type not in MEMBER_NAMES and not _is_bound(tree, span):
        return Role.USE
    return _binding(around)


def _binding(around: tuple[tree_sitter.Node, ...]) -> Role:
    """Return what a name is that is bound where it stands."""
    leaf = around[0]
    for node, parent in pairwise(around):
        if parent.type in FUNCTIONS:
            body = parent.child_by_field_name("body")
            parameter = parent.child_by_field_name("parameter")
            if node.type in PARAMETERS or (parameter and node == parameter):
                return Role.PARAMETER
            if body is not None and node.start_byte >= body.start_byte:
                return Role.MEMBER if leaf.type in MEMBER_NAMES else Role.VARIABLE
            return Role.MEMBER if _is_in_class(around, parent) else Role.DEFINITION
        if node.type in PARAMETERS:
            return Role.PARAMETER
        if parent.type in CLASSES:
            return Role.MEMBER
    return Role.MEMBER if leaf.type in MEMBER_NAMES else Role.VARIABLE


def _is_field(parent: tree_sitter.Node, name: str, leaf: tree_sitter.Node) -> bool:
    """Whether a field of a node is nothing but ``leaf``."""
    field = parent.child_by_field_name(name)
    return field is not None and field.byte_range == leaf.byte_range


def _is_in_class(around: tuple[tree_sitter.Node, ...], function: tree_sitter.Node) -> bool:
    """Whether a function is defined directly in a class."""
    outer = around[around.index(function) + 1 :]
    nearest = (node.type for node in outer if node.type in FUNCTIONS or node.type in CLASSES)
    return next(nearest, "") in CLASSES


def _is_bound(tree: SyntaxTree, span: Span) -> bool:
    return any(tree.span_of(node) == span for node in captured(tree, "scopes", "local", span))


def follows_member_operator(tree: SyntaxTree, span: Span) -> bool:
    """Whether a member operator stands in front of a span."""
    before = tree.lines[span.start.line][: span.start.column].rstrip()
    if before.endswith("..."):
        return False
    return before.endswith(tuple(MEMBER_OPERATORS))
