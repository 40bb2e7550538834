"""Where a text breaks what compilers want, and a grammar does not know."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Final

import tree_sitter
from attrs import frozen

from leanwide.syntax.compiler_rules import COMPILER_RULES, CompilerRules, PlaceRule, Sameness
from leanwide.syntax.import_parts import import_statements
from leanwide.syntax.languages import Language
from leanwide.syntax.matching import captured_by
from leanwide.syntax.pieces import node_query
from leanwide.syntax.text import Position, Span
from leanwide.syntax.tree import SyntaxTree

_ASYNC: Final = re.compile(r"\basync\b")
_RECEIVER: Final = re.compile(r"(?<!\w)(\w+)\s*+(?:\[[^\[\]]*\])?\s*\)$")
"""The type in the parentheses in front of a Go method's name."""
_UNNAMED: Final = frozenset({"_", "init"})
"""Names that a Go file, or a Python module, may define several times."""
_TYPES: Final = frozenset({"class_declaration", "record_declaration", "struct_declaration"})
_NO_RULES: Final = CompilerRules()


@frozen
class Violation:
    """One place that a compiler refuses."""

    line: int
    sentence: str
    """Says what is wrong; the same for each place that is wrong in the same way."""


def violations(tree: SyntaxTree) -> tuple[Violation, ...]:
    """Return the places of a text that break its language's rules, in the order of the text."""
    rules = COMPILER_RULES.get(tree.language.name, _NO_RULES)
    query = _query(tree.language)
    twice = list(_imported_twice(tree, rules))
    if query is None:
        return tuple(twice)
    whole = Span(Position(0, 0), Position(len(tree.lines), 0))
    nodes = captured_by(tree, query, "node", whole)
    nodes.sort(key=lambda node: (node.start_byte, -node.end_byte, node.type not in rules.scopes))
    checked = _Checked(tree, rules, [])
    found = [*twice, *checked.order(), *checked.nested(nodes)]
    return tuple(sorted(found, key=lambda one: one.line))


def _imported_twice(tree: SyntaxTree, rules: CompilerRules) -> Iterator[Violation]:
    """Yield the imports that bring in a name which an earlier one gave another meaning."""
    sections = [
        tree.position(node.start_point)
        for node in tree.root.named_children
        if node.type in rules.sections
    ]
    sources: dict[tuple[int, frozenset[str], str], str] = {}
    for statement in import_statements(tree):
        if statement.conditional or not statement.at_top:
            continue
        line = statement.span.start.line
        section = bisect_left(sections, statement.span.start)
        for part in statement.parts:
            if not part.exclusive or not re.match(rules.sure_imports, part.source):
                continue
            key = section, rules.import_kinds.intersection(part.source.split()), part.name
            if sources.setdefault(key, part.source) != part.source:
                yield Violation(line, f"`{part.name}` is imported from two places.")


@cache
def _query(language: Language) -> tree_sitter.Query | None:
    rules = COMPILER_RULES.get(language.name)
    if rules is None:
        return None
    kinds = {
        *rules.scopes, *rules.unique, *rules.exempt, *rules.constructors, *rules.classes,
        *rules.returns, *rules.functions,
        *(kind for place in rules.places for kind in (*place.kinds, *place.within, *place.outside)),
    }  # fmt: skip
    known = {kind for kind in kinds if language.grammar().id_for_node_kind(kind, True)}
    return node_query(language, sorted(known), "node")


@frozen
class _Checked:
    """A text and the nodes around the one that is looked at, outermost first."""

    tree: SyntaxTree
    rules: CompilerRules
    around: list[tree_sitter.Node]

    def order(self) -> Iterator[Violation]:
        """Yield what stands twice, or too late, at the top level."""
        rules, seen, late = self.rules, set[str](), False
        if not rules.once and not rules.early:
            return
        for node in self.tree.root.named_children:
            what = self.tree.lines[node.start_point[0]].strip()
            if node.type in rules.once and node.type in seen:
                yield self._violation(node, f"`{what}` stands in the file already.")
            elif node.type in rules.early and late:
                yield self._violation(node, f"`{what}` has to stand above the code.")
            seen.add(node.type)
            late = late or node.type in rules.late

    def nested(self, nodes: Sequence[tree_sitter.Node]) -> Iterator[Violation]:
        """Yield what is wrong about nodes, which are in the order of the text, outer first."""
        defined: set[tuple[int, str]] = set()
        for node in nodes:
            while self.around and self.around[-1].end_byte <= node.start_byte:
                self.around.pop()
            for key, name in self._keys(node):
                if key in defined:
                    yield self._violation(node, f"`{name}` is defined twice.")
                defined.add(key)
            for place in self.rules.places:
                if node.type in place.kinds and not self._fits(place, node):
                    yield self._violation(node, f"It has {place.where}.")
            yield from self._result(node)
            self.around.append(node)

    def _keys(self, node: tree_sitter.Node) -> Iterator[tuple[tuple[int, str], str]]:
        """Yield, for each name that a node defines, what no other in its scope may share."""
        how = self.rules.unique.get(node.type)
        if how is None or self._is_exempt(node):
            return
        scope = self._innermost(self.rules.scopes)
        for name, text in self._names(node):
            same = self._same(how, node)
            group = "type" if node.type in self.rules.types else ""
            if text not in _UNNAMED and name is not None:
                yield (scope.id if scope is not None else 0, f"{group} {text} {same}"), text

    def _same(self, how: Sameness, node: tree_sitter.Node) -> str:
        """Return what another definition of the name has to share to be a duplicate."""
        match how:
            case "name":
                return ""
            case "head":
                return self._head(node)
            case "parameters":
                return self._parameters(node)
            case "receiver":
                return self._receiver(node)

    def _is_exempt(self, node: tree_sitter.Node) -> bool:
        above = self.around[-1] if self.around else None
        if above is not None and above.type in self.rules.exempt:
            return True
        before = node.prev_named_sibling
        while before is not None and before.is_extra:
            before = before.prev_named_sibling
        if before is not None and before.type == "attribute_item":
            return True
        bodyless = node.type.endswith("_specifier") and node.child_by_field_name("body") is None
        return bodyless or "partial" in self._head(node).split()

    def _names(self, node: tree_sitter.Node) -> Iterator[tuple[tree_sitter.Node | None, str]]:
        if node.type == "function_definition" and node.child_by_field_name("name") is None:
            declarator = node.child_by_field_name("declarator")
            yield declarator, self._function_name(declarator)
            return
        named = node.children_by_field_name("name")
        for child in node.named_children:
            if child.type == "variable_declarator":
                named += child.children_by_field_name("name")
        for name in named:
            if name.is_named and "pattern" not in name.type:
                yield name, self._text(name)

    def _function_name(self, declarator: tree_sitter.Node | None) -> str:
        while declarator is not None and declarator.child_by_field_name("declarator") is not None:
            declarator = declarator.child_by_field_name("declarator")
        return self._text(declarator) if declarator is not None else ""

    def _head(self, node: tree_sitter.Node) -> str:
        return self._text_before(node, node.child_by_field_name("body"))

    def _parameters(self, node: tree_sitter.Node) -> str:
        """Return the type parameters, the interface and the types of the parameters."""
        parts = [
            self._text(child)
            for child in node.named_children
            if child.type
            in ("type_parameters", "type_parameter_list", "explicit_interface_specifier")
        ]
        parameters = node.child_by_field_name("parameters")
        if node.type in _TYPES or parameters is None:
            return " ".join(parts)
        for parameter in parameters.named_children:
            name = parameter.child_by_field_name("name")
            text = self._text(parameter)
            parts.append(text.removesuffix(self._text(name)) if name is not None else text)
        return f"{' '.join(parts)}/{parameters.named_child_count}"

    def _receiver(self, node: tree_sitter.Node) -> str:
        """Return the type that a Go method belongs to, or the words before the name of another."""
        receiver = node.child_by_field_name("receiver")
        if receiver is not None:
            found = _RECEIVER.search(self._text(receiver))
            return found[1] if found else self._text(receiver)
        return self._text_before(node, node.child_by_field_name("name"))

    def _fits(self, place: PlaceRule, node: tree_sitter.Node) -> bool:
        if any(child.type in ("label", "statement_identifier") for child in node.named_children):
            return True
        inner = self._innermost(place.within | place.outside)
        if inner is None:
            return place.at_top
        if inner.type in place.outside:
            return False
        is_async = inner.type.startswith("async") or _ASYNC.search(self._head(inner)) is not None
        return is_async or not place.wants_async

    def _result(self, node: tree_sitter.Node) -> Iterator[Violation]:
        """Yield a method without the type of its result, or a result without a type."""
        if node.type in self.rules.constructors:
            owner, name = self._innermost(self.rules.classes), node.child_by_field_name("name")
            named = owner.child_by_field_name("name") if owner is not None else None
            if name is not None and named is not None and self._text(name) != self._text(named):
                yield self._violation(node, f"`{self._text(name)}` lacks the type of its result.")
        elif node.type in self.rules.returns and any(
            not child.is_extra for child in node.named_children
        ):
            function = self._innermost(self.rules.functions)
            if function is not None and self._gives_nothing(function):
                head = self._head(function)
                yield self._violation(node, f"A value is returned, but not by its head: `{head}`.")

    def _gives_nothing(self, function: tree_sitter.Node) -> bool:
        found = (function.child_by_field_name(field) for field in self.rules.result)
        result = next((node for node in found if node is not None), None)
        if not self.rules.nothing:
            return result is None
        return result is not None and self._text(result) in self.rules.nothing

    def _innermost(self, kinds: frozenset[str]) -> tree_sitter.Node | None:
        return next((node for node in reversed(self.around) if node.type in kinds), None)

    def _text_before(self, node: tree_sitter.Node, part: tree_sitter.Node | None) -> str:
        """Return the text of a node up to a part of it; all of it without such a part."""
        end = part.start_point if part is not None else node.end_point
        span = Span(self.tree.position(node.start_point), self.tree.position(end))
        return " ".join(self.tree.text(span).split())

    def _text(self, node: tree_sitter.Node) -> str:
        return " ".join(self.tree.text(self.tree.span_of(node)).split())

    def _violation(self, node: tree_sitter.Node, sentence: str) -> Violation:
        return Violation(self.tree.position(node.start_point).line, sentence)
