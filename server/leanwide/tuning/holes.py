"""Holes in a file: places to complete, each with the text that really stands there. Pure.

Three kinds, all chosen by syntax: the rest of a line of code, the arguments of a call, and the body
of a function or its last lines. A hole is the file without that text, the cursor in its place.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Final, TypeVar

from attrs import field, frozen

from leanwide.context.view import View, split_lines, with_lf
from leanwide.syntax import (
    Position,
    Span,
    SyntaxTree,
    content,
    definitions,
    in_comment,
    in_string,
)

_MIN_CHARACTERS: Final = 4
"""Characters of a hole without surrounding white space; shorter ones do not tell models apart."""
_MAX_LINE_CHARACTERS: Final = 160
"""Characters of a hole in a line: longer ones are data."""
_MAX_BLOCK_LINES: Final = 12
"""Lines of a block: users do not wait for longer ones."""
_MAX_BLOCK_CHARACTERS: Final = 600
"""Characters of a block."""
_ARGUMENTS: Final = frozenset({"argument_list", "arguments"})
"""The grammars' node types for the arguments of a call."""
_WORD: Final = re.compile(r"\w")

Drawn = TypeVar("Drawn")


@frozen
class SourceFile:
    """A parsed file."""

    path: str
    """In the file system."""
    uri: str
    tree: SyntaxTree = field(repr=False)


@frozen
class Hole:
    """A place in a file, and the text that stands there."""

    id: str
    """Unique, and the same whenever the file is read."""
    kind: str
    """``line``, ``arguments`` or ``block``; ``documentation`` for a question."""
    view: View = field(repr=False)
    """The file without :attr:`truth`, the cursor in its place."""
    truth: str
    """The text that was taken out, with LF endings."""


def holes(source: SourceFile) -> Iterator[Hole]:
    """Yield the holes of a file, kinds alternating; the same text gives the same order."""
    first = hashlib.sha256(source.path.encode("utf-8", "replace")).digest()[0] % len(_KIND_ORDER)
    of_kind = {kind: _shuffled(source, kind, spans) for kind, spans in _KINDS.items()}
    while of_kind:
        for kind in (
            *_KIND_ORDER[first:],
            *_KIND_ORDER[:first],
        ):  # files begin with different kinds
            hole = next(of_kind.get(kind, iter(())), None)
            if hole is None:
                of_kind.pop(kind, None)
            else:
                yield hole


def _shuffled(
    source: SourceFile, kind: str, spans: Callable[[SyntaxTree], Iterator[Span]]
) -> Iterator[Hole]:
    """Yield the holes of one kind in random order; each is made on demand, as there may be many."""
    text = source.tree.text
    by_id = sorted(
        (hole_id(source, kind, span.start.line, text(span)), span) for span in spans(source.tree)
    )
    for name, span in by_id:
        truth = with_lf(source.tree.text(span))
        code = kind != "line" or _is_code(source.tree, span.start)
        if code and _is_worth_it(kind, truth):
            yield Hole(name, kind, _without(source, name, span), truth)


def hole_id(source: SourceFile, kind: str, line: int, text: str) -> str:
    """Return the id of a hole, which is the same whenever the file is read."""
    parts = (source.path, kind, str(line), text)
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def _without(source: SourceFile, name: str, span: Span) -> View:
    lines = source.tree.lines
    (first, column), (last, end) = span
    joined = lines[first][:column] + lines[last][end:]
    return View(
        uri=f"{source.uri}#{name}",
        path=source.path,
        language_id="",
        version=0,
        lines=(*lines[:first], *split_lines(joined), *lines[last + 1 :]),
        line=first,
        column=column,
    )


def _is_worth_it(kind: str, truth: str) -> bool:
    text = truth.strip()
    longest = _MAX_BLOCK_CHARACTERS if kind == "block" else _MAX_LINE_CHARACTERS
    return len(text) >= _MIN_CHARACTERS and len(truth) <= longest and bool(_WORD.search(text))


def _line_spans(tree: SyntaxTree) -> Iterator[Span]:
    for number, line in enumerate(tree.lines):
        if (start := _text_start(tree, number)) is not None:
            yield Span(start, Position(number, len(content(line).rstrip())))


def _argument_spans(tree: SyntaxTree) -> Iterator[Span]:
    todo = [tree.root]
    while todo:
        node = todo.pop()
        todo += node.children
        if node.type not in _ARGUMENTS:
            continue
        start, end = tree.span_of(node)
        if start.line == end.line and tree.text(Span(start, end))[:1] == "(":
            yield Span(Position(start.line, start.column + 1), Position(end.line, end.column - 1))


def _block_spans(tree: SyntaxTree) -> Iterator[Span]:
    """Yield the code of short bodies from the first line on, and the last lines of long ones."""
    for definition in definitions(tree):
        if definition.body_start is None:
            continue
        last = definition.end.line
        if tree.language.blocks != "indent":
            last -= 1  # the closing bracket or keyword stays
        starts = [
            _text_start(tree, number) for number in range(definition.signature_end.line + 1, last)
        ]
        code = [start for start in starts if start is not None and _is_code(tree, start)]
        if nearby := [start for start in code if last - start.line < _MAX_BLOCK_LINES]:
            yield Span(nearby[0], Position(last, len(content(tree.lines[last]).rstrip())))


_KINDS: Final = {"line": _line_spans, "arguments": _argument_spans, "block": _block_spans}
_KIND_ORDER: Final = ("line", "block", "arguments", "block")
"""Blocks come twice as often: they tell more about a model at the same cost."""


def _text_start(tree: SyntaxTree, line: int) -> Position | None:
    """Return where the text of a line begins; None for a blank line."""
    text = content(tree.lines[line])
    indentation = len(text) - len(text.lstrip())
    return Position(line, indentation) if indentation < len(text) else None


def _is_code(tree: SyntaxTree, start: Position) -> bool:
    """Whether code begins there, not a comment and not text in a string."""
    inside = Position(start.line, start.column + 1)
    if in_comment(tree, inside) or tree.starts_in_text(start.line):
        return False
    return not in_string(tree, inside)


def round_robin(files: Sequence[Iterator[Drawn]], most: int) -> tuple[Drawn, ...]:
    """Take the first item of each file, then the second of each, until there are ``most``."""
    chosen: list[Drawn] = []
    left = list(files)
    while left and len(chosen) < most:
        for file in list(left):
            item = next(file, None)
            if item is None:
                left.remove(file)
            elif len(chosen) < most:
                chosen.append(item)
    return tuple(chosen)
