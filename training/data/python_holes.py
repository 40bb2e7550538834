"""Holes of a Python file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Protocol

from training.data.holes import Span, line_starts


def spans(text: str, tree: ast.Module) -> Iterator[Span]:
    """Yield statements, blocks, call arguments and expressions."""
    starts = line_starts(text)

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


def offset_of(text: str, starts: list[int], line: int, column: int) -> int:
    """Return the character offset of ``ast``'s line (from 1) and column (in UTF-8 bytes)."""
    start = starts[line - 1]
    end = starts[line] if line < len(starts) else len(text)
    if text[start:end].isascii():
        return start + column
    return start + len(text[start:end].encode()[:column].decode(errors="ignore"))


class _EndOf(Protocol):
    def __call__(self, node: ast.stmt | ast.expr) -> int: ...
