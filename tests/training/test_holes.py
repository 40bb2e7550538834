"""Holes begin at a line's start, end where syntax ends, and are pieces of the file."""

from __future__ import annotations

import ast
from random import Random

import pytest
from training.data import holes, python_holes

SOURCE = """\
import os


def total(items, start=0):
    result = start
    for item in items:
        result += len("é" + item)
    return result


print(total(["a"], start=2))
"""


def every() -> list[holes.Span]:
    return holes.every(SOURCE, python_holes.spans(SOURCE, ast.parse(SOURCE)))


def found(kind: str) -> set[str]:
    return {SOURCE[span.anchor : span.end] for span in every() if span.kind == kind}


@pytest.mark.parametrize(
    ("kind", "middle"),
    [
        ("line", "    result = start"),
        ("statement", "    return result"),
        ("statement", '    for item in items:\n        result += len("é" + item)'),
        ("block", '        result += len("é" + item)'),
        ("block", '    for item in items:\n        result += len("é" + item)\n    return result'),
        ("arguments", '        result += len("é" + item'),
        ("arguments", 'print(total(["a"], start=2'),
        ("expression", "    for item in items"),
    ],
)
def test_finds_each_kind_of_hole(kind, middle):
    assert middle in found(kind)


def test_every_hole_begins_at_a_line_start():
    starts = set(holes.line_starts(SOURCE))

    assert all(span.anchor in starts for span in every())


def test_a_cut_hole_is_a_piece_of_the_file():
    window = holes.Window(before=40, after=30)
    for span in every():
        hole = holes.cut(SOURCE, span, window)

        assert hole.prefix + hole.middle + hole.suffix in SOURCE
        assert SOURCE[span.anchor : span.end] == hole.middle
        assert not hole.prefix or hole.prefix.endswith("\n")


def test_a_line_hole_leaves_its_newline_to_the_suffix():
    start = SOURCE.index("    result = start")
    span = holes.Span("line", start, start + len("    result = start"))

    hole = holes.cut(SOURCE, span, holes.Window(before=1000, after=1000))

    assert hole.suffix.startswith("\n    for item")


@pytest.mark.parametrize("seed", range(6))
def test_unwritten_text_is_what_follows_in_the_block(seed):
    hole = holes.Hole("line", "def f():\n", "    a = 1", "\n    b = 2\n    return a\n\n\nx = 3\n")

    suffix = holes.unwritten(hole, Random(seed)).suffix

    assert suffix in {"\n", "\n\nx = 3\n"}


def test_offsets_count_characters_where_ast_counts_bytes():
    text = 'x = "é"; y = 1\n'

    assert python_holes.offset_of(text, holes.line_starts(text), 1, 10) == text.index("y")
