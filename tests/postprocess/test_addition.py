"""Code that is added to a file."""

import pytest

from leanwide.postprocess.addition import addition
from leanwide.postprocess.splice import applied
from tests.syntax.marked import tree_of


@pytest.mark.parametrize(
    ("language", "file", "code", "after"),
    [
        ("python", "x = 1\n", "y = 2", "x = 1\n\n\ny = 2\n"),
        ("python", "x = 1", "y = 2", "x = 1\n\n\ny = 2\n"),
        ("python", "x = 1\n\n\n\n", "y = 2", "x = 1\n\n\n\ny = 2\n"),
        (
            "python",
            "import a\nfrom b import c, d\n\nx = 1\n",
            "import a\nfrom b import c\nimport e\n\ny = e",
            "import a\nfrom b import c, d\nimport e\n\nx = 1\n\n\ny = e\n",
        ),
        ("python", "x = 1\n", "import a\n\ny = a", "import a\n\nx = 1\n\n\ny = a\n"),
        (
            "javascript",
            'import a from "a";\n\nb();\n',
            'import a from "a";\nimport { c } from "c";\n\nc();',
            'import a from "a";\nimport { c } from "c";\n\nb();\n\nc();\n',
        ),
        (
            "go",
            'package a\n\nimport "testing"\n\nfunc TestA(t *testing.T) {\n}\n',
            'package a\n\nimport "testing"\n\nfunc TestB(t *testing.T) {\n}',
            'package a\n\nimport "testing"\n\nfunc TestA(t *testing.T) {\n}\n\n'
            "func TestB(t *testing.T) {\n}\n",
        ),
        (
            "go",
            '// Copyright\n\npackage a\n\nimport "testing"\n\nfunc TestA(t *testing.T) {\n}\n',
            '// Copyright\n\npackage a\n\nimport (\n\t"fmt"\n\t"testing"\n)\n\n'
            "// TestB prints.\nfunc TestB(t *testing.T) {\n\tfmt.Println()\n}",
            '// Copyright\n\npackage a\n\nimport "testing"\nimport (\n\t"fmt"\n)\n\n'
            "func TestA(t *testing.T) {\n}\n\n"
            "// TestB prints.\nfunc TestB(t *testing.T) {\n\tfmt.Println()\n}\n",
        ),
        (
            "typescript",
            'import { f } from "./a";\n\ntest("f", () => f());\n',
            'import { f, g } from "./a";\n\ntest("g", () => g());',
            'import { f } from "./a";\nimport { g } from "./a";\n\n'
            'test("f", () => f());\n\ntest("g", () => g());\n',
        ),
        ("python", "import a", "import b\n\nb.c()", "import a\nimport b\n\n\n\nb.c()\n"),
        # what stands above the first test, too, is no header
        (
            "rust",
            "use a::f;\n\n#[test]\nfn one() {\n    f();\n}\n",
            "use a::f;\n\n#[test]\nfn two() {\n    f();\n}",
            "use a::f;\n\n#[test]\nfn one() {\n    f();\n}\n\n#[test]\nfn two() {\n    f();\n}\n",
        ),
        (
            "python",
            '"""Tests."""\n\nimport a\n\n\n@a.mark\ndef test_b():\n    pass\n',
            '"""Tests."""\n\nimport a\n\n\n@a.mark\ndef test_c():\n    pass',
            '"""Tests."""\n\nimport a\n\n\n@a.mark\ndef test_b():\n    pass\n\n\n'
            "@a.mark\ndef test_c():\n    pass\n",
        ),
        (
            "javascript",
            'describe("f", () => {\n  it("a", () => f());\n});\n',
            'describe("f", () => {\n  it("b", () => f());\n});',
            'describe("f", () => {\n  it("a", () => f());\n});\n\n'
            'describe("f", () => {\n  it("b", () => f());\n});\n',
        ),
        ("ruby", "require 'a'\r\nb\r\n", "require 'a'\nc", "require 'a'\r\nb\r\n\r\nc\r\n"),
    ],
)
def test_addition(language: str, file: str, code: str, after: str) -> None:
    tree = tree_of(language, file)
    newline = "\r\n" if "\r\n" in file else "\n"
    edits = addition(tree, code.split("\n"), newline)
    assert "".join(applied(tree.lines, edits)) == after


def test_code_that_the_file_has_already_adds_nothing() -> None:
    assert addition(tree_of("python", "import a\nb\n"), ["import a"], "\n") == ()
