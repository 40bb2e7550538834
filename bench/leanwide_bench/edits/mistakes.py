"""What tree-sitter says of the lines of an edit, and mistakes that are put into them."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

from attrs import frozen

from leanwide.syntax import Position, SyntaxTree, content

_MIN_NAME: Final = 4
"""Characters of a name, or word, that is misspelt."""
_WORD: Final = re.compile(r"(?<![\w`/.:@-])[A-Za-z]{5,}(?![\w`/:@(-])")
_NO_VARIABLE: Final = ("(", "!", ":", "=", " =", " :=")
"""What follows a name that is called, labels something, or is assigned to."""
_UNTYPED: Final = frozenset(
    {"identifier", "default_parameter", "list_splat_pattern", "dictionary_splat_pattern"}
)
"""Kinds of nodes for parameters without a type in Python's grammar."""


@frozen(kw_only=True)
class InsertedMistake:
    """A mistake, and what it replaces."""

    at: Position
    truth: str
    text: str


@frozen(kw_only=True)
class SyntaxToken:
    """A node without children."""

    kind: str
    """Its name in the grammar."""
    text: str
    at: Position
    comment: bool
    """It belongs to a comment."""


def tokens(tree: SyntaxTree, first: int, last: int) -> list[SyntaxToken]:
    """Return the tokens that begin from line ``first`` up to, not including, ``last``."""
    found: list[SyntaxToken] = []
    todo = [(tree.root, False)]
    while todo:
        node, commented = todo.pop()
        if node.start_point[0] >= last or node.end_point[0] < first:
            continue
        commented = commented or node.type in tree.language.comments
        if node.children:
            todo += [(child, commented) for child in reversed(node.children)]
        elif first <= node.start_point[0] < last:
            text, at = tree.text(tree.span_of(node)), tree.position(node.start_point)
            found.append(SyntaxToken(kind=node.type, text=text, at=at, comment=commented))
    return found


def names(tree: SyntaxTree, first: int, last: int) -> list[SyntaxToken]:
    """Return the names in lines, members after a dot included."""
    return [token for token in tokens(tree, first, last) if token.kind.endswith("identifier")]


def misspelt_name(tree: SyntaxTree, first: int, last: int) -> InsertedMistake | None:
    """Return a misspelling of the last use of a variable that the lines use at least twice."""
    found = [token for token in names(tree, first, last) if token.kind == "identifier"]
    counts = Counter(token.text for token in found)
    whole = "".join(tree.lines)
    for token in reversed(found):
        name, at = token.text, token.at
        line = content(tree.lines[at.line])
        before, called = line[: at.column], line[at.column + len(name) :].startswith(_NO_VARIABLE)
        wrong = _swapped(name)
        if called or before.endswith((".", ":")) or counts[name] < 2 or len(name) < _MIN_NAME:
            continue
        if wrong != name and wrong not in whole:
            return InsertedMistake(at=at, truth=name, text=wrong)
    return None


def misspelt_word(tree: SyntaxTree, first: int, last: int) -> InsertedMistake | None:
    """Return a misspelling of a word of prose, which is in no code and in no address."""
    whole = "".join(tree.lines)
    fenced = False
    for line in range(first, last):
        text = content(tree.lines[line])
        fenced ^= text.lstrip().startswith(("```", "~~~"))
        if fenced or line == first or text.startswith(("    ", "\t", "|", "#", "[")):
            continue
        for match in _WORD.finditer(text):
            wrong = _swapped(match[0])
            quoted = text[: match.start()].count("`") % 2
            if not quoted and match[0].islower() and wrong != match[0] and wrong not in whole:
                at = Position(line, match.start())
                return InsertedMistake(at=at, truth=match[0], text=wrong)
    return None


def untyped_parameters(tree: SyntaxTree, first: int, last: int) -> list[str]:
    """Return the parameters without a type of the first Python function in lines."""
    todo = [tree.root]
    while todo:
        node = todo.pop(0)
        if node.type == "function_definition" and first <= node.start_point[0] < last:
            given = node.child_by_field_name("parameters")
            children = given.named_children if given is not None else []
            found = [tree.span_of(child) for child in children if child.type in _UNTYPED]
            return [text for span in found if (text := tree.text(span)) not in ("self", "cls")]
        todo += node.children
    return []


def _swapped(name: str) -> str:
    """Return a name with two of its inner characters exchanged."""
    middle = len(name) // 2
    return name[: middle - 1] + name[middle] + name[middle - 1] + name[middle + 1 :]
