"""Line breaks, indentation, spaces and line endings where an answer joins the text."""

from __future__ import annotations

import pytest

from leanwide.postprocess.filter_context import FilterContext
from leanwide.postprocess.filters import joined, postprocess
from tests.marked import view_of
from tests.postprocess.check import check

BODIES = [
    ("def f():‸\n", "\n    return 1", "\n    return 1"),
    ("def f():‸\n", "    return 1", "\n    return 1"),  # the model forgot the line break
    ("def f():‸\n", "    a = 1\n    return a", "\n    a = 1\n    return a"),
    ("class A:\n    def f(self):‸\n", "        return 1", "\n        return 1"),
    ("class A:\n\tdef f(self):‸\n", "\t\treturn 1", "\n\t\treturn 1"),
    ("class A:\n    def f(self):‸\n", "    return 1", "    return 1"),
    ("def f():‸\n", " return 1", " return 1"),
    ("x = {1:‸\n", " 2}", " 2}"),
    ("def f():\n    ‸\n", "return 1", "return 1"),
    ("def f():\n‸\n", "    return 1", "    return 1"),
    ("def f():\n    ‸\n", "    return 1", "return 1"),  # what the editor indented already
    ("def f():\n\t‸\n", "\treturn 1\n\treturn 2", "return 1\n\treturn 2"),
    ("def f():\n    a = 1\n    ‸\n", "    return 1", "return 1"),
    ("def f():\n    if a:\n    ‸\n", "    return 1", "    return 1"),  # it has to stand deeper
    ("f(\n    a,\n    ‸\n", "    b", "    b"),
    ("def f():\n    a = 1\n    ‸\n", "\n    return 1", "\n    return 1"),
    ("def f():\n    a = 1\n    ‸\n", "    \n    return 1", "    \n    return 1"),
    ("def f():\n  ‸\n", "return 1\n\n\n", "return 1"),
    ("def f():\n    ‸\n", "a = 1\n    \n\t\n    b = 2", "a = 1\n    \n\t\n    b = 2"),
]
SPACES = [
    ("x = ‸\n", " 1", "1"),
    ("x = ‸\n", "  f(1)", "f(1)"),
    ("x = ‸\n", ' "a"', '"a"'),
    ("x =‸\n", " 1", " 1"),
    ("x = 1 ‸\n", " # two spaces", " # two spaces"),
    ("x ‸\n", "   = 1", "   = 1"),
    ("    ‸\n", "  x", "  x"),
    ("x = 1‸\n", "\n", ""),
    ("x = 1‸\n", "   \n\t\n", ""),
    ("x = ‸\n", "1  \t", "1"),
]
MODEL_ENDINGS = ["a = 1\nb = 2", "a = 1\r\nb = 2", "a = 1\rb = 2"]


@pytest.mark.parametrize(("marked", "says", "expected"), BODIES)
def test_bodies_and_indentation(marked: str, says: str, expected: str):
    check(marked, says, expected)


@pytest.mark.parametrize(("marked", "says", "expected"), SPACES)
def test_spaces(marked: str, says: str, expected: str):
    check(marked, says, expected)


@pytest.mark.parametrize("says", MODEL_ENDINGS)
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_endings_are_the_documents(says: str, newline: str):
    check(f"x{newline}‸{newline}y{newline}", says, f"a = 1{newline}b = 2")


def test_a_document_without_a_line_ending_gets_lf():
    check("‸", "a\r\nb", "a\nb")


def test_one_line_is_shown_before_text_after_the_cursor():
    check("x = ‸ + other_value\n", "1\ny = 2", "1")
    check("x = ‸ + other_value\n", "\ny = 2", "")
    check("x = ‸)\n", "(1\n    + 2", "(1\n    + 2")


def test_an_answer_is_joined_once_and_typed_through_from_there():
    setting = FilterContext(view_of("def f():‸\n"), markers=("<think>", "</think>"))
    text = joined("<think>hm</think>    return 1\n\n```", setting)
    assert text.rstrip() == "\n    return 1"
    assert postprocess(text, setting) == "\n    return 1"
    later = FilterContext(view_of("def f():\n    ‸\n"))
    assert postprocess(text.removeprefix("\n    "), later) == "return 1"


@pytest.mark.parametrize(
    ("language", "marked", "says", "expected"),
    [
        ("typescript", "/**\n * ‸\n */\n", " * add(1, 2);\n * sub(1);", "add(1, 2);\n * sub(1);"),
        ("typescript", "/**\n *‸\n */\n", " * add(1, 2);", " add(1, 2);"),
        ("rust", "/// ‸\n", "/// Adds.", "Adds."),
        ("rust", "/// ‸\n", "// Adds.", "// Adds."),
        ("python", "# ‸\n", "# Adds.", "Adds."),
        ("python", "# ‸\n", "#!important", "#!important"),
        ("markdown", " * ‸\n", "**bold**", "**bold**"),
        ("python", "x = ‸\n", "# Adds.", "# Adds."),
        ("markdown", "#‸\n", "# Usage", "# Usage"),
        ("erlang", "%‸\n", "%", "%"),
    ],
)
def test_the_mark_of_a_comment_is_not_doubled(language, marked, says, expected):
    check(marked, says, expected, language)
