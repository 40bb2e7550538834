"""Answers that repeat the text below or right of the cursor, or a related snippet."""

from __future__ import annotations

import pytest

from tests.postprocess.check import check

BODY = "def f(a):\n    ‸\n    return total\n"
BRACES = "function f() {\n  ‸\n}\n"
FOLLOWING = [
    (BODY, "return total", ""),
    (BODY, "total = sum(a)\n    return total", "total = sum(a)"),
    (BODY, "total = sum(a)\n    return total\n\n\ndef g():", "total = sum(a)"),
    (BODY, "total = sum(a)\n\n    return total", "total = sum(a)"),
    (
        BODY,
        "if not a:\n        return total\n    total = 1",
        "if not a:\n        return total\n    total = 1",
    ),
    (BODY, "return totals", "return totals"),
    ("def f(a):\n    ret‸\n    return total\n", "urn total", ""),
    ("a = 1\n‸\nb = 2\nc = 3\n", "b = 2\nc = 3", ""),
    ("a = 1\n‸\nb = 2\nc = 3\n", "b = 2\nc = ", ""),  # cut in the middle of a line
    ("a = 1\n‸\nb = 2\nc = 3\n", "b = 2\nd = 4", "b = 2\nd = 4"),
    ("a = 1\n‸\n\n\nb = 2222\n", "b = 2222", ""),
    ("a = 1\r\n‸\r\nbeta = 2\r\n", "beta = 2", ""),
    ("for x in y:\n    ‸\n\nend()\n", "end()", "end()"),  # too little, at another indentation
]
CLOSING_LINES = [
    (BRACES, "return 1;\n}", "return 1;"),
    (BRACES, "return 1;\n}\n", "return 1;"),
    (BRACES, "if (x) {\n    y();\n  }", "if (x) {\n    y();\n  }"),
    (BRACES, "if (x) {\n  y();\n}", "if (x) {\n  y();\n}"),  # badly indented, yet its own
    (BRACES, "if (x) {\n    y();\n  }\n}", "if (x) {\n    y();\n  }"),
    ("function f() {\n  if (x) {\n    y();\n  ‸\n}\n", "}", "}"),
    ("foo(\n  ‸\n);\n", "a,\n  b,\n);", "a,\n  b,"),
    ("foo({\n  ‸\n});\n", "a: [\n    1,\n  ],\n});", "a: [\n    1,\n  ],"),
]
REST_OF_LINE = [
    ("const ‸Name = 1;\n", "userName", "user"),
    ("for ‸ in items:\n", "item in items:", "item"),
    ("x = ‸ if ready else None\n", "value if ready else None", "value"),
    ("x = ‸ == y\n", "z == y", "z"),
    ("x‸ += 1\n", "s", "s"),
    ("f(‸, key=len)\n", "items, key=len)", "items"),
    ("f(‸, key=len)\n", "items,\n  x", "items"),
]


@pytest.mark.parametrize(("marked", "says", "expected"), FOLLOWING)
def test_lines_that_follow(marked: str, says: str, expected: str):
    check(marked, says, expected)


@pytest.mark.parametrize(("marked", "says", "expected"), CLOSING_LINES)
def test_closing_lines_that_follow(marked: str, says: str, expected: str):
    check(marked, says, expected, "javascript")


def test_a_closing_word_that_follows():
    ruby = "def f\n  ‸\nend\n"
    check(ruby, "if x\n    y\n  end", "if x\n    y\n  end", "ruby")
    check(ruby, "1 + 1\nend", "1 + 1", "ruby")


@pytest.mark.parametrize(("marked", "says", "expected"), REST_OF_LINE)
def test_the_rest_of_the_line(marked: str, says: str, expected: str):
    check(marked, says, expected)


SNIPPET = "def area(width, height):\n    result = width * height\n    return result\n"


def test_a_piece_of_a_related_snippet_is_not_shown():
    echo = "\n    result = width * height\n    return result"
    check("def size(w, h):‸\n", echo, "", snippets=("import os\n", SNIPPET))
    check("def size(w, h):‸\n", echo, echo, snippets=("import os\n",))


def test_one_line_of_a_related_snippet_is_shown():
    check("x = ‸\n", "width * height / the_whole_area", "width * height / the_whole_area")
    check("    ‸\n", "result = width * height", "result = width * height", snippets=(SNIPPET,))
    check("    ‸\n", "a = 1\n    b = 2", "a = 1\n    b = 2", snippets=("a = 1\nb = 2\n",))
