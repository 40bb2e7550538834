"""Indentation of a model's code."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.postprocess.indent import Indentation, code_indentation, indentation, reindented
from leanwide.syntax import TextRows


def check(code: str, margin: str, unit: str, expected: str) -> None:
    lines = reindented(code.split("\n"), Indentation(margin, unit))
    assert "\n".join(lines) == expected


def test_code_moves_to_the_margin() -> None:
    check("a:\n  b\n\nc", "    ", "  ", "    a:\n      b\n\n    c")
    check("        a:\n            b", "\t", "    ", "\ta:\n\t    b")


def test_levels_are_the_documents() -> None:
    check("a:\n    b:\n        c", "\t", "\t", "\ta:\n\t\tb:\n\t\t\tc")
    check("a:\n\tb:\n\t\tc", "", "  ", "a:\n  b:\n    c")
    check("a:\n  b:\n    c", "", "    ", "a:\n    b:\n        c")


def test_alignment_stays() -> None:
    check("f:\n    g(a,\n      b)\n    c", "", "\t", "f:\n\tg(a,\n\t  b)\n\tc")
    check("/**\n * A.\n */", "\t", "\t", "\t/**\n\t * A.\n\t */")


def test_lines_inside_strings_stay() -> None:
    rows = TextRows(all=frozenset({1, 2}), kept=frozenset({1, 2}))
    lines = reindented(["a = '''", " b", "'''"], Indentation("    ", "    "), rows)
    assert lines == ["    a = '''", " b", "'''"]


@pytest.mark.parametrize(
    ("text", "margin", "unit"),
    [
        ("a\n  b\n    c\n  d\n    e", "", "  "),
        ("\ta\n\t\tb", "\t", "\t"),
        ("\n    a\n    b", "    ", ""),
        ("f(a,\n           b)\nif c:\n    d", "", "    "),
        ("", "", ""),
    ],
)
def test_indentation(text: str, margin: str, unit: str) -> None:
    assert indentation(text.split("\n")) == Indentation(margin, unit)


LINES = st.lists(
    st.builds(str.__add__, st.text(" \t", max_size=9), st.text("ab(:)", max_size=4)), min_size=1
)
WANTED = st.builds(
    Indentation, st.text(" \t", max_size=5), st.sampled_from(["", "\t", "  ", "    "])
)


@given(LINES, WANTED)
def test_only_white_space_before_lines_changes(lines: list[str], wanted: Indentation) -> None:
    after = reindented(lines, wanted)
    assert [line.strip() for line in after] == [line.strip() for line in lines]
    assert all(line.startswith(wanted.margin) for line in after if line)


@given(LINES, WANTED)
def test_the_line_farthest_left_is_at_the_margin(lines: list[str], wanted: Indentation) -> None:
    after = reindented(lines, wanted)
    assert not any(after) or code_indentation(after).margin.startswith(wanted.margin)


@given(LINES)
def test_code_that_is_indented_as_wanted_stays(lines: list[str]) -> None:
    assert reindented(lines, code_indentation(lines)) == [line.rstrip() for line in lines]
