"""Parsed text as a frozen value that follows edits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import tree_sitter
from attrs import define, field, frozen

from leanwide.syntax.balance import UnclosedLines, unclosed_lines
from leanwide.syntax.effort import Effort, effort_for, parse_bytes
from leanwide.syntax.languages import Language
from leanwide.syntax.text import (
    Position,
    Span,
    Splice,
    agreement,
    byte_column,
    clamp,
    code_column,
    content,
    difference,
    parser_bytes,
    slice_text,
    width,
)

_MAX_DEPTH: Final = 1_000
"""Nodes around a position. Code that people write is nested less deeply, and deeper trees take long
to edit and to query."""


@frozen(eq=False)
class SyntaxTree:
    """Lines and their syntax. Never changes; ``edited`` returns another one."""

    language: Language
    lines: tuple[str, ...] = field(repr=False)
    """The text, lines with their endings."""
    _source: bytes = field(repr=False)
    _widths: list[int] = field(repr=False)
    """Bytes per line of ``_source``."""
    _unclosed: UnclosedLines | None
    """What the last edits opened; the parser sees it as closed."""
    _handle: tree_sitter.Tree = field(repr=False)
    given_up: bool = False
    """Whether parsing took too long and was given up: then the tree is empty."""

    @property
    def effort(self) -> Effort:
        """The time that one query of the tree may take."""
        return effort_for(len(self._source))

    @property
    def root(self) -> tree_sitter.Node:
        """The node of the whole text."""
        return self._handle.root_node

    def clamp(self, position: tuple[int, int]) -> Position:
        """Return the nearest position that exists."""
        return clamp(self.lines, position)

    def text(self, span: Span) -> str:
        """Return the text of ``span``."""
        return slice_text(self.lines, span)

    def point(self, position: Position) -> tuple[int, int]:
        """Return ``position`` as the parser counts: row and byte column."""
        line = self.lines[position.line] if position.line < len(self.lines) else ""
        return position.line, byte_column(line, position.column)

    def position(self, point: tuple[int, int]) -> Position:
        """Return the position of the parser's ``point``."""
        row, column = point
        if row >= len(self.lines):
            return self.clamp((row, 0))
        line = self.lines[row]
        return Position(row, min(code_column(line, column), len(content(line))))

    def span_of(self, node: tree_sitter.Node) -> Span:
        """Return the span of ``node``."""
        return Span(self.position(node.start_point), self.position(node.end_point))

    def around(self, start: Position, end: Position | None = None) -> tuple[tree_sitter.Node, ...]:
        """Return the nodes that cover ``start`` to ``end``, the smallest first and the root last.

        Empty where there are more than 1,000. Nodes are not asked for their parents: each answer is
        a walk down from the root, and one that doubles with the depth for a node without text.
        """
        first, last = self.point(start), self.point(start if end is None else end)
        target = self.root.descendant_for_point_range(first, last) or self.root
        place, is_empty = target.start_point, target.start_byte == target.end_byte
        cursor, path = self._handle.walk(), [self.root]
        while path[-1] != target and cursor.goto_first_child_for_point(place) is not None:
            node = cursor.node
            if node is None or (is_empty and node.start_point >= place):
                break  # what begins where an empty node stands may follow it
            path.append(node)
            if len(path) > _MAX_DEPTH:
                return ()
        return tuple(reversed(path if path[-1] == target else (*path, target)))

    def edited(self, lines: Sequence[str]) -> SyntaxTree:
        """Return the tree of ``lines``, parsed from where this tree still holds.

        Brackets and quotes that the newest edits opened are taken as closed: an edit somewhere
        else, or ``parse``, ends that.
        """
        if not self._can_follow(lines):
            return _unparsed_tree(self.language, lines)
        draft = self._draft()
        splice = difference(draft.lines, list(lines))
        draft.apply(splice)
        unclosed = None
        goes_on = self._unclosed and self._unclosed.goes_on(splice)
        if goes_on or not self.starts_in_text(splice.first):
            unclosed = unclosed_lines(self.language, self._unclosed, splice, self.lines, lines)
        return draft.parsed(self.language, unclosed)

    def moved(self, lines: Sequence[str], most: int) -> SyntaxTree | None:
        """Return the tree of ``lines`` without parsing: its nodes are this tree's, moved.

        It knows nothing about the text of the changed lines. None where more than ``most`` lines
        changed.
        """
        if not self._can_follow(lines):
            return _unparsed_tree(self.language, lines)
        draft = self._draft()
        splice = difference(draft.lines, list(lines))
        if max(len(splice.lines), splice.last - splice.first) > most:
            return None
        draft.apply(splice)
        return draft.unparsed(self.language)

    def starts_in_text(self, line: int) -> bool:
        """Whether ``line`` begins inside a string or a comment."""
        start = Position(line, 0)
        for node in self.around(start):
            if node.type in self.language.embedded:
                return False
            if node.type in self.language.strings | self.language.comments:
                span = self.span_of(node)
                return span.start < start < span.end
        return False

    def _can_follow(self, lines: Sequence[str]) -> bool:
        """Whether few enough nodes are around the first line that ``lines`` changes."""
        if self.given_up:
            return False
        return bool(self.around(self.clamp((difference(self.lines, tuple(lines)).first, 0))))

    def _draft(self) -> _Draft:
        draft = _Draft(list(self.lines), self._source, self._widths.copy(), self._handle.copy())
        if self._unclosed:
            draft.set_line_end(self._unclosed.last, "")
        return draft


def parse(language: Language, lines: Sequence[str]) -> SyntaxTree:
    """Parse ``lines``, each with its ending, from scratch.

    A text that takes too long gets an empty tree: see ``SyntaxTree.given_up``.
    """
    source = b"".join(map(parser_bytes, lines))
    return _Draft(list(lines), source, list(map(width, lines)), None).parsed(language)


def parse_part(language: Language, lines: Sequence[str], first: int, last: int) -> SyntaxTree:
    """Parse the lines from ``first`` up to, not including, ``last``; all others read as blank."""
    part = lines[first:last]
    above, below = first, len(lines) - last
    return _Draft(
        ["\n"] * above + list(part) + ["\n"] * below,
        b"\n" * above + b"".join(map(parser_bytes, part)) + b"\n" * below,
        [1] * above + list(map(width, part)) + [1] * below,
        None,
    ).parsed(language)


def _unparsed_tree(language: Language, lines: Sequence[str]) -> SyntaxTree:
    """Return the empty tree of ``lines`` whose parsing was given up."""
    nothing = tree_sitter.Parser(language.grammar()).parse(b"")
    return SyntaxTree(language, tuple(lines), b"", [], None, nothing, given_up=True)


@define
class _Draft:
    """A mutable text and its old tree, on the way to a new tree."""

    lines: list[str]
    source: bytes
    widths: list[int]
    handle: tree_sitter.Tree | None

    def apply(self, splice: Splice) -> None:
        """Replace lines, and tell the old tree which bytes changed."""
        first, last = splice.first, splice.last
        self._replace(first, last, b"".join(map(parser_bytes, splice.lines)))
        self.lines[first:last] = splice.lines
        self.widths[first:last] = map(width, splice.lines)

    def _replace(self, first: int, last: int, new: bytes) -> None:
        start = sum(self.widths[:first])
        end = start + sum(self.widths[first:last])
        old = self.source[start:end]
        head, tail = agreement(old, new)
        old_end, new_end = len(old) - tail, len(new) - tail
        if self.handle:
            self.handle.edit(
                start + head,
                start + old_end,
                start + new_end,
                _point(first, old, head),
                _point(first, old, old_end),
                _point(first, new, new_end),
            )
        self.source = b"".join((self.source[:start], new, self.source[end:]))

    def set_line_end(self, line: int, tail: str) -> None:
        """Let the parser see ``tail`` at the end of ``line``; the text itself does not change."""
        fed = parser_bytes(self.lines[line], tail)
        self._replace(line, line + 1, fed)
        self.widths[line] = len(fed)

    def parsed(self, language: Language, unclosed: UnclosedLines | None = None) -> SyntaxTree:
        """Parse what has changed."""
        if unclosed:
            self.set_line_end(unclosed.last, unclosed.missing)
        handle = parse_bytes(language, self.source, self.handle)
        if handle is None:
            return _unparsed_tree(language, self.lines)
        return SyntaxTree(language, tuple(self.lines), self.source, self.widths, unclosed, handle)

    def unparsed(self, language: Language) -> SyntaxTree:
        """Take the nodes as the edits have left them."""
        if self.handle is None:
            raise ValueError("there is no tree yet")
        return SyntaxTree(language, tuple(self.lines), self.source, self.widths, None, self.handle)


def _point(first: int, text: bytes, end: int) -> tuple[int, int]:
    return first + text.count(b"\n", 0, end), end - (text.rfind(b"\n", 0, end) + 1)
