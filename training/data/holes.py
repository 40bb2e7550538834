"""Holes for infill training: places where text could be typed, and that text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from random import Random
from typing import Final, Protocol

MAX_MIDDLE: Final = 600
"""Characters: users do not wait for longer completions."""


@dataclass(frozen=True, slots=True)
class Span:
    """A hole in a text, as character offsets.

    ``anchor`` is the start of the statement's first line, its indentation included; the user
    has typed the text from ``anchor`` to the cursor; ``end`` is where the completion stops.
    """

    kind: str
    anchor: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """How many characters of the file a sample may show, before the anchor and after the end."""

    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Hole:
    """One infill sample: three pieces of text, each tokenized on its own."""

    kind: str
    prefix: str
    middle: str
    suffix: str


def spans(text: str, tree: ast.Module) -> list[Span]:
    """Return every hole of a file: lines, statements, blocks, call arguments, expressions."""
    starts = line_starts(text)
    found = [*_line_spans(starts), *_tree_spans(text, tree, starts)]
    return [span for span in dict.fromkeys(found) if _is_worth_it(text, span)]


def cut(text: str, span: Span, window: Window) -> Hole:
    """Cut a hole out of a text, with a window that begins and ends at whole lines."""
    first = max(0, span.anchor - window.before)
    if first:
        first = text.rfind("\n", 0, first) + 1
    last = min(len(text), span.end + window.after)
    if last < len(text):
        last = max(span.end, text.rfind("\n", span.end, last) + 1)
    return Hole(
        span.kind, text[first : span.anchor], text[span.anchor : span.end], text[span.end : last]
    )


def unwritten(hole: Hole, random: Random) -> Hole:
    """Remove text after the hole that a user might not have written yet.

    The rest of the hole's line stays, and in 60 % of the cases the text after the block.
    """
    line, newline, rest = hole.suffix.partition("\n")
    if random.random() < 0.4:
        return Hole(hole.kind, hole.prefix, hole.middle, line + newline)
    indent = _indent(hole.middle)
    lines = rest.splitlines(keepends=True)
    for number, text in enumerate(lines):
        if text.strip() and _indent(text) < indent:
            rest = "".join(lines[number:])
            return Hole(hole.kind, hole.prefix, hole.middle, f"{line}{newline}\n{rest}")
    return Hole(hole.kind, hole.prefix, hole.middle, line + newline)


def line_starts(text: str) -> list[int]:
    """Return the offset of each line's first character; the first line is line 0."""
    return [0, *(offset + 1 for offset, character in enumerate(text) if character == "\n")]


def offset_of(text: str, starts: list[int], line: int, column: int) -> int:
    """Return the character offset of ``ast``'s line (from 1) and column (in UTF-8 bytes)."""
    start = starts[line - 1]
    end = starts[line] if line < len(starts) else len(text)
    if text[start:end].isascii():
        return start + column
    return start + len(text[start:end].encode()[:column].decode(errors="ignore"))


def _line_spans(starts: list[int]) -> Iterator[Span]:
    for start, following in pairwise(starts):
        yield Span("line", start, following - 1)


def _tree_spans(text: str, tree: ast.Module, starts: list[int]) -> Iterator[Span]:
    def end_of(node: ast.stmt | ast.expr) -> int:
        return offset_of(text, starts, node.end_lineno or 1, node.end_col_offset or 0)

    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            yield Span("statement", starts[node.lineno - 1], end_of(node))
            yield from _block_spans(node, starts, end_of)
        elif isinstance(node, ast.Call) and (node.args or node.keywords):
            yield Span("arguments", starts[node.lineno - 1], end_of(node) - 1)
        elif isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Constant | ast.BinOp):
            yield Span("expression", starts[node.lineno - 1], end_of(node))


def _block_spans(node: ast.stmt, starts: list[int], end_of: _EndOf) -> Iterator[Span]:
    body: list[ast.stmt] = getattr(node, "body", [])
    for statement in body:
        if statement.lineno > node.lineno:
            yield Span("block", starts[statement.lineno - 1], end_of(body[-1]))


def _is_worth_it(text: str, span: Span) -> bool:
    middle = text[span.anchor : span.end]
    has_letters = any(character.isalpha() for character in middle)
    return len(middle.strip()) > 3 and len(middle) <= MAX_MIDDLE and has_letters


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip(" \t"))


class _EndOf(Protocol):
    def __call__(self, node: ast.stmt | ast.expr) -> int: ...
