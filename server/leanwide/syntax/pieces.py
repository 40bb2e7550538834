"""What stands in one scope: its definitions, imports and statements, with their comments."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import islice
from typing import Final

import tree_sitter
from attrs import evolve, frozen

from leanwide.syntax.definition import Definition
from leanwide.syntax.languages import Language
from leanwide.syntax.matching import captured_by
from leanwide.syntax.names import Import, imports
from leanwide.syntax.outline import definitions
from leanwide.syntax.text import Position, Span, content
from leanwide.syntax.tree import SyntaxTree

_ATTRIBUTES: Final = frozenset({"attribute_item", "decorator"})
"""Node kinds that stand in front of what they belong to."""
_ENDING: Final = re.compile(r"[ \t]*[;,]+")
_TOKEN: Final = re.compile(r"\w+|[^\w\s]")
_WORD: Final = re.compile(r"\w+")


@frozen(kw_only=True)
class ScopePart:
    """A definition or statement, with the comments and attributes directly above it."""

    span: Span
    tokens: tuple[str, ...]
    """Words and other characters of its code, in order, without comments."""
    definition: Definition | None = None
    imported: Import | None = None
    is_comment: bool = False
    """It is nothing but comments."""
    parses: bool = True

    @property
    def words(self) -> tuple[str, ...]:
        """Its tokens that are words."""
        return tuple(filter(_WORD.match, self.tokens))


@frozen
class Scopes:
    """The scopes of a text."""

    tree: SyntaxTree
    definitions: tuple[Definition, ...]
    _imports: dict[Position, Import]
    _comments: tuple[Span, ...]

    @classmethod
    def of(cls, tree: SyntaxTree) -> Scopes:
        """Return the scopes of a tree. Reads all of it: not for every key."""
        whole = Span(Position(0, 0), Position(len(tree.lines), 0))
        query = _comment_query(tree.language)
        found = captured_by(tree, query, "comment", whole) if query is not None else []
        comments = tuple(sorted(map(tree.span_of, found)))
        return cls(
            tree, definitions(tree), {one.span.start: one for one in imports(tree)}, comments
        )

    def pieces(self, scope: Definition | None) -> tuple[ScopePart, ...]:
        """Return what stands in a definition's body, in order; None is the whole text."""
        node = self.tree.root if scope is None else self._body(scope)
        if node is None:
            return ()
        inner = {one.start: one for one in reversed(self.definitions) if one.parent is scope}
        found = tuple(self._joined(node.named_children, inner))
        if scope is None or not found:
            return found
        # Python's body leaves out the comments above its first statement.
        return (evolve(found[0], span=self.with_comments(found[0].span)), *found[1:])

    def with_comments(self, span: Span) -> Span:
        """Return a span with the comments directly above it that are alone on their lines."""
        above = {comment.end.line: comment for comment in self._comments}
        start = span.start
        while (comment := above.get(start.line - 1)) is not None:
            line, column = comment.start
            if self.tree.lines[line][:column].strip():
                break
            start = comment.start
        return Span(start, span.end)

    def _body(self, scope: Definition) -> tree_sitter.Node | None:
        """Return the node of a body: the widest one that starts where the body does."""
        start = scope.body_start
        if start is None:
            return None
        around = self.tree.around(start, Position(start.line, start.column + 1))
        point = self.tree.point(start)
        return next((node for node in reversed(around) if node.start_point == point), None)

    def _joined(
        self, nodes: Iterable[tree_sitter.Node], inner: dict[Position, Definition]
    ) -> Iterator[ScopePart]:
        """Yield a piece for each node; comments and attributes belong to what they stand at."""
        waiting: ScopePart | None = None
        for node in nodes:
            piece = self._piece(node, inner)
            if waiting is None:
                waiting = piece
            elif _leads(waiting, piece) or _trails(waiting, piece):
                waiting = _both(waiting, piece)
            else:
                yield _settled(waiting)
                waiting = piece
        if waiting is not None:
            yield _settled(waiting)

    def _piece(self, node: tree_sitter.Node, inner: dict[Position, Definition]) -> ScopePart:
        start, end = self.tree.span_of(node)
        if end.column == 0 and end.line > start.line:
            end = Position(end.line - 1, len(content(self.tree.lines[end.line - 1])))
        span = self.with_ending(Span(start, end))
        return ScopePart(
            span=span,
            tokens=self.tokens(span),
            definition=inner.get(start),
            imported=self._imports.get(start),
            is_comment=node.type in self.tree.language.comments or node.type in _ATTRIBUTES,
            parses=not node.is_error,
        )

    def with_ending(self, span: Span) -> Span:
        """Return a span with the commas and semicolons behind it."""
        line, column = span.end
        rest = self.tree.lines[line][column:] if line < len(self.tree.lines) else ""
        found = _ENDING.match(rest)
        return Span(span.start, Position(line, column + (found.end() if found else 0)))

    def words(self, span: Span) -> frozenset[str]:
        """Return the words of the code in a span, without comments."""
        return frozenset(filter(_WORD.match, self.tokens(span)))

    def tokens(self, span: Span) -> tuple[str, ...]:
        """Return words and other characters of the code in a span, in order, without comments."""
        at, tokens = span.start, list[str]()
        first = max(0, bisect_right(self._comments, (at, at)) - 1)
        for comment in islice(self._comments, first, None):
            if comment.start >= span.end:
                break
            if comment.end > at:
                tokens += _TOKEN.findall(self.tree.text(Span(at, max(at, comment.start))))
                at = comment.end
        if at < span.end:
            tokens += _TOKEN.findall(self.tree.text(Span(at, span.end)))
        return tuple(tokens)

    def text(self, span: Span) -> str:
        """Return the text of a span, with the white space in front of its first line."""
        margin = self.tree.lines[span.start.line][: span.start.column]
        return f"{margin if margin.isspace() else ''}{self.tree.text(span)}"


def _leads(piece: ScopePart, following: ScopePart) -> bool:
    """Whether a piece is comments or attributes directly above the next one."""
    return piece.is_comment and following.span.start.line - piece.span.end.line <= 1


def _trails(piece: ScopePart, following: ScopePart) -> bool:
    """Whether a comment stands behind a piece, on its last line."""
    return following.is_comment and following.span.start.line == piece.span.end.line


def _both(first: ScopePart, second: ScopePart) -> ScopePart:
    main = first if second.is_comment else second
    return evolve(
        main,
        span=Span(first.span.start, second.span.end),
        tokens=first.tokens + second.tokens,
        is_comment=first.is_comment and second.is_comment,
    )


def _settled(piece: ScopePart) -> ScopePart:
    return evolve(piece, is_comment=piece.is_comment and not piece.tokens)


@cache
def _comment_query(language: Language) -> tree_sitter.Query | None:
    return node_query(language, sorted(language.comments), "comment")


def node_query(language: Language, kinds: Sequence[str], name: str) -> tree_sitter.Query | None:
    """Return a query that captures nodes of some kinds; None where there are none."""
    if not kinds:
        return None
    return tree_sitter.Query(language.grammar(), "".join(f"({kind}) @{name} " for kind in kinds))
