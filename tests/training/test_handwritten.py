"""The files that may be learned from."""

from __future__ import annotations

import pytest
from training.corpus.handwritten import is_handwritten

BODY = "".join(f"def function_{n}(argument):\n    return argument + offset_{n}\n" for n in "abcdef")


@pytest.mark.parametrize(
    "path",
    [
        "p/tests/a.py",
        "p/_vendor/a.py",
        "p/_click/a.py",
        "p/test_a.py",
        "p/conftest.py",
        "p/x_pb2.py",
        "p/data/a.py",
    ],
)
def test_tests_vendored_and_data_files_are_out(path):
    assert not is_handwritten(path, BODY, "python")


@pytest.mark.parametrize(
    "text",
    [
        "# This file was automatically generated.\n" + BODY,
        "TABLE = [\n" + "    1, 2, 3, 4, 5, 6, 7, 8,\n" * 40 + "]\n",
        "x = 1\n",
        BODY + "y = '" + "z" * 500 + "'\n",
    ],
)
def test_generated_files_tables_and_long_lines_are_out(text):
    assert not is_handwritten("p/a.py", text, "python")


def test_an_ordinary_file_is_in():
    assert is_handwritten("p/a.py", BODY, "python")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("lib/a.min.js", "let a = 1;\n" * 40),
        ("lib/a.js", '"use strict";\nexports.__esModule = true;\n' + "let a = f(1);\n" * 40),
        ("lib/a.js", ("a" * 150 + ";\n") * 10),
        ("a_test.go", "func TestA(t *testing.T) {\n}\n" * 20),
        ("a.pb.go", "func A() {\n}\n" * 40),
        ("configure.sh", "echo checking\n" * 40),
        ("CHANGELOG.md", "Something was changed here.\n" * 40),
    ],
)
def test_minified_compiled_and_generated_files_of_other_languages_are_out(path, text):
    language = {"js": "javascript", "go": "go", "sh": "bash", "md": "markdown"}
    assert not is_handwritten(path, text, language[path.rsplit(".", 1)[1]])


@pytest.mark.parametrize(
    ("path", "language"),
    [("src/security.js", "javascript"), ("a.go", "go"), ("README.md", "markdown")],
)
def test_ordinary_files_of_other_languages_are_in(path, language):
    assert is_handwritten(path, "A line of some words;\n" * 40, language)
