"""Which lines a selection or a cursor means."""

from __future__ import annotations

import pytest

from leanwide.context.passage import Passage, choose_passage
from leanwide.context.view import View, split_lines
from leanwide.syntax import Position, Span, language_for, parse

SOURCE = """\
import os

limit = 3
other = 4


class Store:
    def get(self, name):
        return self.items[name]

    def set(self, name):
        pass
"""


def passage(
    start: tuple[int, int],
    end: tuple[int, int] | None = None,
    text: str = SOURCE,
    language: str = "python",
) -> Passage | None:
    lines = tuple(split_lines(text))
    view = View(
        uri="file:///a",
        path="/a",
        language_id=language,
        version=1,
        lines=lines,
        line=start[0],
        column=start[1],
    )
    known = language_for(language)
    tree = parse(known, lines) if known is not None else None
    return choose_passage(view, Span(Position(*start), Position(*(end or start))), tree)


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ((6, 0), (8, 0), Passage(first=6, last=8)),  # whole lines, as an editor selects them
        ((7, 4), (8, 12), Passage(first=7, last=9)),
        ((1, 0), (5, 0), Passage(first=2, last=4)),  # blank lines around are left out
        ((2, 0), (2, 9), Passage(first=2, last=3)),
        ((8, 15), (8, 25), Passage(first=8, last=9, focus="self.items")),
        ((8, 8), (8, 31), Passage(first=8, last=9)),
        ((11, 0), (12, 0), Passage(first=11, last=12)),
    ],
)
def test_a_selection_means_its_lines(
    start: tuple[int, int], end: tuple[int, int], expected: Passage
):
    assert passage(start, end) == expected


@pytest.mark.parametrize("selection", [((1, 0), (2, 0)), ((4, 0), (6, 0)), ((7, 0), (7, 4))])
def test_a_selection_of_white_space_means_nothing(
    selection: tuple[tuple[int, int], tuple[int, int]],
):
    assert passage(*selection) is None


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [
        ((8, 12), Passage(first=7, last=9)),
        ((7, 4), Passage(first=7, last=9)),
        ((6, 3), Passage(first=6, last=12)),
        ((2, 3), Passage(first=2, last=4)),
        ((4, 0), None),
        ((1, 0), None),
    ],
)
def test_a_cursor_means_the_definition_around_it_or_the_paragraph(
    cursor: tuple[int, int], expected: Passage | None
):
    assert passage(cursor) == expected


@pytest.mark.parametrize(
    ("cursor", "expected"),
    [((1, 0), Passage(first=0, last=2)), ((2, 0), None), ((3, 0), Passage(first=3, last=4))],
)
def test_without_a_grammar_a_cursor_means_the_paragraph(
    cursor: tuple[int, int], expected: Passage | None
):
    assert passage(cursor, text="a\nb\n\nc\n", language="nothing-known") == expected


@pytest.mark.parametrize("text", ["", "\n", " \t\n\n"])
def test_an_empty_document_means_nothing(text):
    assert passage((0, 0), text=text) is None
    last = text.count("\n")
    assert passage((last, 0), text=text) is None
    assert passage((0, 0), (last, 0), text=text) is None
