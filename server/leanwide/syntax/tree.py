"""Parsed text as a frozen value that follows edits."""

from collections.abc import Sequence
from typing import Final

import attrs
import tree_sitter

from leanwide.syntax.balance import UnclosedLines, opening
from leanwide.syntax.effort import Effort, effort_for, parsed
from leanwide.syntax.languages import Language
from leanwide.syntax.text import (
    Edit,
    Position,
    Span,
    Splice,
    agreement,
    byte_column,
    clamp,
    code_column,
    content,
    difference,
    fed,
    slice_text,
    splice_of,
    width,
)

_DEEPEST: Final = 1_000
"""Nodes around a place: code that people write is nested less deep, and what is deeper takes long
to change and to ask."""


@attrs.frozen(eq=False)
class SyntaxTree:
    """Lines and their syntax. Never changes; `edited` returns another one."""

    language: Language
    lines: tuple[str, ...] = attrs.field(repr=False)
    """The text, lines with their endings."""
    _source: bytes = attrs.field(repr=False)
    _widths: list[int] = attrs.field(repr=False)
    """Bytes per line of `_source`."""
    _opening: UnclosedLines | None
    _handle: tree_sitter.Tree = attrs.field(repr=False)
    given_up: bool = False
    """The text takes too long to read: the tree is empty, and says nothing about it."""

    @property
    def effort(self) -> Effort:
        """What one question to the tree may take."""
        return effort_for(len(self._source))

    @property
    def exact(self) -> bool:
        """False while brackets or quotes that the last edits opened are taken as closed.

        The next edit somewhere else, or `parse`, ends that.
        """
        return self._opening is None

    @property
    def root(self) -> tree_sitter.Node:
        """The node of the whole text."""
        return self._handle.root_node

    @property
    def span(self) -> Span:
        """The whole text."""
        return Span(Position(0, 0), self.clamp((len(self.lines), 0)))

    def clamp(self, position: tuple[int, int]) -> Position:
        """Return the nearest position that exists."""
        return clamp(self.lines, position)

    def text(self, span: Span) -> str:
        """Return the text of `span`."""
        return slice_text(self.lines, span)

    def point(self, position: Position) -> tuple[int, int]:
        """Return `position` as the parser counts: row and byte column."""
        line = self.lines[position.line] if position.line < len(self.lines) else ""
        return position.line, byte_column(line, position.column)

    def position(self, point: tuple[int, int]) -> Position:
        """Return the position of the parser's `point`."""
        row, column = point
        if row >= len(self.lines):
            return self.clamp((row, 0))
        line = self.lines[row]
        return Position(row, min(code_column(line, column), len(content(line))))

    def span_of(self, node: tree_sitter.Node) -> Span:
        """Return where `node` stands."""
        return Span(self.position(node.start_point), self.position(node.end_point))

    def node_at(self, start: Position, end: Position | None = None) -> tree_sitter.Node:
        """Return the smallest node, token or not, that covers `start` to `end`."""
        node = self.root.descendant_for_point_range(
            self.point(start), self.point(start if end is None else end)
        )
        return node or self.root

    def around(self, start: Position, end: Position | None = None) -> tuple[tree_sitter.Node, ...]:
        """Return the nodes that cover `start` to `end`, the smallest first and the root last.

        None at all where they are too many. Nodes are not asked for their parents: each answer is
        a walk down from the root, and one that doubles with the depth for a node without text.
        """
        target = self.node_at(start, end)
        place, is_empty = target.start_point, target.start_byte == target.end_byte
        cursor, path = self._handle.walk(), [self.root]
        while path[-1] != target and cursor.goto_first_child_for_point(place) is not None:
            node = cursor.node
            if node is None or (is_empty and node.start_point >= place):
                break  # what begins where an empty node stands may follow it
            path.append(node)
            if len(path) > _DEEPEST:
                return ()
        return tuple(reversed(path if path[-1] == target else (*path, target)))

    def edited(self, edits: Sequence[Edit], lines: Sequence[str]) -> "SyntaxTree":
        """Return the tree of `lines`, which is this text after `edits`, one after the other.

        Where `lines` is something else, or `edits` is empty, the difference is found. Brackets
        and quotes just opened are taken as closed: see `exact`.
        """
        wanted = list(lines)
        if not self._reaches(wanted):
            return unknown(self.language, wanted)
        draft = self._draft()
        splices = []
        for edit in edits:
            splices.append(splice_of(draft.lines, edit))
            draft.apply(splices[-1])
        if draft.lines != wanted:
            splices.append(difference(draft.lines, wanted))
            draft.apply(splices[-1])
        return draft.parsed(self.language, self._opened(splices, wanted))

    def moved(self, lines: Sequence[str], most: int) -> "SyntaxTree | None":
        """Return the tree of `lines` without reading them: its nodes are this tree's, moved.

        It knows nothing of what the changed lines say. None where they are more than `most`.
        """
        if not self._reaches(lines):
            return unknown(self.language, lines)
        draft = self._draft()
        splice = difference(draft.lines, list(lines))
        if max(len(splice.lines), splice.last - splice.first) > most:
            return None
        draft.apply(splice)
        return draft.unread(self.language)

    def _reaches(self, lines: Sequence[str]) -> bool:
        """Whether the nodes around the first line that `lines` changes are few enough to change."""
        if self.given_up:
            return False
        return bool(self.around(self.clamp((difference(self.lines, tuple(lines)).first, 0))))

    def _draft(self) -> "_Draft":
        draft = _Draft(list(self.lines), self._source, self._widths.copy(), self._handle.copy())
        if self._opening:
            draft.set_line_end(self._opening.last, "")
        return draft

    def starts_in_text(self, line: int) -> bool:
        """Whether `line` begins inside a string or a comment."""
        start = Position(line, 0)
        for node in self.around(start):
            if node.type in self.language.embedded:
                return False
            if node.type in self.language.strings | self.language.comments:
                span = self.span_of(node)
                return span.start < start < span.end
        return False

    def _opened(self, splices: Sequence[Splice], lines: Sequence[str]) -> UnclosedLines | None:
        """Return what a single splice has opened."""
        if len(splices) != 1:
            return None
        goes_on = self._opening and self._opening.goes_on(splices[0])
        if not goes_on and self.starts_in_text(splices[0].first):
            return None
        return opening(self.language, self._opening, splices[0], self.lines, lines)


def parse(language: Language, lines: Sequence[str]) -> SyntaxTree:
    """Parse `lines`, each with its ending, from scratch.

    A text that takes too long gets a tree that says nothing: see `SyntaxTree.given_up`.
    """
    source = b"".join(map(fed, lines))
    return _Draft(list(lines), source, list(map(width, lines)), None).parsed(language)


def parse_part(language: Language, lines: Sequence[str], first: int, last: int) -> SyntaxTree:
    """Parse the lines from `first` up to, not including, `last`; the tree has the others blank."""
    part = lines[first:last]
    above, below = first, len(lines) - last
    return _Draft(
        ["\n"] * above + list(part) + ["\n"] * below,
        b"\n" * above + b"".join(map(fed, part)) + b"\n" * below,
        [1] * above + list(map(width, part)) + [1] * below,
        None,
    ).parsed(language)


def unknown(language: Language, lines: Sequence[str]) -> SyntaxTree:
    """Return a tree that says nothing about `lines`."""
    nothing = tree_sitter.Parser(language.grammar()).parse(b"")
    return SyntaxTree(language, tuple(lines), b"", [], None, nothing, given_up=True)


@attrs.define
class _Draft:
    """What becomes a tree."""

    lines: list[str]
    source: bytes
    widths: list[int]
    handle: tree_sitter.Tree | None

    def apply(self, splice: Splice) -> None:
        """Replace lines, and tell the old tree which bytes changed."""
        first, last = splice.first, splice.last
        self._replace(first, last, b"".join(map(fed, splice.lines)))
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
        """Let the parser see `tail` at the end of `line`, which stays as it is."""
        self._replace(line, line + 1, fed(self.lines[line], tail))
        self.widths[line] = len(fed(self.lines[line], tail))

    def parsed(self, language: Language, opened: UnclosedLines | None = None) -> SyntaxTree:
        """Parse what has changed."""
        if opened:
            self.set_line_end(opened.last, opened.missing)
        handle = parsed(language, self.source, self.handle)
        if handle is None:
            return unknown(language, self.lines)
        return SyntaxTree(language, tuple(self.lines), self.source, self.widths, opened, handle)

    def unread(self, language: Language) -> SyntaxTree:
        """Take the nodes as the edits have left them."""
        handle = self.handle
        if handle is None:
            raise ValueError("there is no tree yet")
        return SyntaxTree(language, tuple(self.lines), self.source, self.widths, None, handle)


def _point(first: int, text: bytes, end: int) -> tuple[int, int]:
    return first + text.count(b"\n", 0, end), end - (text.rfind(b"\n", 0, end) + 1)
