"""Which lines are documentation, and of which definition."""

from __future__ import annotations

import pytest

from leanwide.syntax import (
    documentation_convention,
    documentation_runs,
    documentation_start,
    documented_name,
    first_documentation,
    language_for,
    literal_lines,
)
from tests.syntax.marked import tree_of

PYTHON = '''\
"""Module."""

class A:
    # why
    """A."""

    x = """no
    doc"""

    @b
    def f(self, y="""no"""):
        """F,

        in lines."""
        "no"; return 1

    def g(self): """no"""
'''


def documented(language: str, text: str) -> list[tuple[tuple[int, int], str]]:
    tree = tree_of(language, text)
    return [
        (run, documented_name(tree, run)) for run in documentation_runs(tree, 0, len(tree.lines))
    ]


def test_docstrings() -> None:
    runs = documented("python", PYTHON)
    assert [run for run, _ in runs] == [(0, 1), (4, 5), (11, 14)]
    assert runs[2][1] == "f"


@pytest.mark.parametrize(
    ("language", "text", "expected"),
    [
        ("javascript", "// no\n/** A\n * b. */\nfunction f() {}\n", [((1, 3), "f")]),
        ("javascript", "/** A. */ let x;\n/** B. */\nlet y;\n", [((1, 2), "")]),
        ("cpp", "//! A\n//! b.\nint f() {}\n", [((0, 2), "f")]),
        ("cpp", "int x; ///< A\n       ///< b.\n/**<i>C</i>. */\nint f() {}\n", [((2, 3), "f")]),
        ("rust", "/// A\n/// b.\n#[c]\nfn f() {}\n// no\nfn g() {}\n", [((0, 2), "f")]),
        ("go", "package p\n\n// no\n\n// A\n// b.\nfunc F() {}\n", [((4, 6), "F")]),
        ("go", "package p\n\n//go:embed x\nfunc F() {}\n", []),
        ("go", "package p\n\n/* no */\n\n/*\nA\nb.\n*/\nfunc F() {}\n", [((4, 8), "F")]),
        ("csharp", "/* no */\n/**\n * A.\n */\nclass F {}\n", [((1, 4), "F")]),
        (
            "ruby",
            "# typed: true\nclass A\n  # B.\n  def b\n    # no\n  end\nend\n",
            [((2, 3), "b")],
        ),
        ("shellscript", "#!/bin/sh\nf() {\n  :\n}\n", []),
        # directives stand between it and the definition
        ("go", "package p\n\n// A\n//\n//go:noinline\nfunc F() {}\n", [((2, 4), "F")]),
        (
            "javascript",
            "/** A. */\n// eslint-disable-next-line\nfunction f() {}\n",
            [((0, 1), "f")],
        ),
        # LDoc goes on in plain comments
        ("lua", "--- A.\n-- @param x\n--- b.\nfunction f(x) end\n-- no\n", [((0, 3), "f")]),
        ("json", '{"a": 1}\n', []),
    ],
)
def test_comments(language: str, text: str, expected: list[object]) -> None:
    assert documented(language, text) == expected


@pytest.mark.parametrize(
    ("text", "line", "start"),
    [
        ("/**\n * A.\n */\nf() {}\n", 3, 0),
        ("int x;\n/** A. */\nvoid f() {}\n", 2, 1),
        ("/** A. */\n\nvoid f() {}\n", 2, 2),
        ("// no\nvoid f() {}\n", 1, 1),
        ("void f() {}\n", 0, 0),
    ],
)
def test_the_start_of_the_documentation_above_a_line(text: str, line: int, start: int) -> None:
    assert documentation_start(tree_of("java", text), line) == start


@pytest.mark.parametrize(
    ("language", "text", "line", "start"),
    [
        ("rust", "/// A.\n#[derive(\n    B,\n)]\n#[c]\nstruct A;\n", 5, 0),
        ("rust", "#![c]\nstruct A;\n", 1, 1),
        ("go", "package p\n// A.\n//go:noinline\nfunc F() {}\n", 3, 1),
        ("lua", "--- A.\n-- @return x\nfunction f() end\n", 2, 0),
        ("lua", "--- A.\nx = 1\n-- no\nfunction f() end\n", 3, 3),
    ],
)
def test_documentation_above_attributes_directives_and_comments(
    language: str, text: str, line: int, start: int
) -> None:
    assert documentation_start(tree_of(language, text), line) == start


@pytest.mark.parametrize(
    ("language", "text", "run"),
    [
        ("python", 'x = 1\ndef f():\n    """F."""\n', (2, 3)),
        ("python", '"""Alone,\nin lines."""\n', (0, 2)),
        ("go", "// Alone,\n// in lines.\n", (0, 2)),
        ("go", "// no\n\nfunc F() {}\n", None),
        ("python", "# no\n", None),
    ],
)
def test_the_first_documentation_of_an_answer(
    language: str, text: str, run: tuple[int, int] | None
) -> None:
    assert first_documentation(tree_of(language, text)) == run


def test_languages_without_definitions_have_no_convention() -> None:
    for name in ("json", "markdown", "css", "toml"):
        language = language_for(name)
        assert language is not None
        assert documentation_convention(language) is None


def test_lines_that_begin_inside_a_string() -> None:
    tree = tree_of("python", 'def f():\n    """A\n    b."""\n    return """c\n  d\n"""\n')
    assert literal_lines(tree, range(6)) == {4, 5}
    tree = tree_of("javascript", "f(`a\n${b +\nc}\nd`)\n")
    assert literal_lines(tree, range(4)) == {1, 3}
