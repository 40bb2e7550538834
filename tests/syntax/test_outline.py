"""Definitions, imports and references in a small sample of each language."""

from __future__ import annotations

import pytest

from leanwide.syntax import (
    Definition,
    Position,
    Span,
    SyntaxTree,
    definitions,
    earlier_siblings,
    enclosing,
    error_count,
    imports,
    references,
)
from tests.syntax.marked import at_mark, tree_of
from tests.syntax.samples import SAMPLES, Sample


def whole(tree: SyntaxTree) -> Span:
    return Span(Position(0, 0), tree.clamp((len(tree.lines), 0)))


def _outline(definition: Definition) -> str:
    owner = f"{definition.parent.name}." if definition.parent else ""
    return f"{definition.kind} {owner}{definition.name}"


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.language)
def test_sample(sample: Sample) -> None:
    tree, position = at_mark(sample.language, sample.text)
    assert error_count(tree) == 0
    found = definitions(tree)
    assert list(map(_outline, found)) == sample.definitions
    assert [definition.name for definition in enclosing(tree, position)] == sample.enclosing
    assert set(enclosing(tree, position)) <= set(found)
    assert [name for found in imports(tree) for name in found.names] == sample.imports
    around = enclosing(tree, position)
    span = around[-1].span if around else whole(tree)
    assert set(references(tree, span, position)) == sample.references


HEADS = [
    ("python", "@a\ndef f(\n    x,\n) -> int:\n    return 1\n", "@a\ndef f(\n    x,\n) -> int:"),
    ("python", "class A(B): pass\n", "class A(B):"),
    ("typescript", "export function f(x: T): U {\n}\n", "export function f(x: T): U"),
    ("rust", "fn f(x: T)\nwhere\n    T: V,\n{\n}\n", "fn f(x: T)\nwhere\n    T: V,"),
    ("c", "int\nf(void)\n{\n}\n", "int\nf(void)"),
    ("ruby", "def f(x)\n  x\nend\n", "def f(x)"),
    ("rust", "fn 名前() { \"é\" }\n", "fn 名前()"),
    ("html", "<div id=\"a\">\n</div>\n", "<div id=\"a\">"),
    ("markdown", "# One\n\ntext\n", "# One"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "head"), HEADS)
def test_signature(language: str, text: str, head: str) -> None:
    tree = tree_of(language, text)
    definition = definitions(tree)[0]
    assert tree.text(Span(definition.start, definition.signature_end)) == head
    assert tree.text(definition.span) == text.rstrip()


PLACES = [
    ("python", "def f():\n    ‸\n", "f"),
    ("python", "def f():\n‸\n", ""),
    ("python", "def f():\n    return 1‸", "f"),
    ("python", "class A:\n    def f(self):\n        return 1\n\n    ‸\n", "A"),
    ("python", "class A:\n    def f(self):\n        return 1\n\n        ‸\n", "A f"),
    ("python", "class A:\n    def f(self):\n        return 1\n‸\n    def g(self): pass\n", "A"),
    ("python", "class A:\n    def f(self):\n        x = a(b, ‸\n\n    def g(self): pass\n", "A f"),
    ("python", "class A:\n    def f(self):\n        x = foo(\n            a, ‸\n", "A f"),
    ("python", "class A:\n    def f(self):\n        if (‸\n        return 1\n", "A f"),
    ("python", "@a\ndef f(x=‸1):\n    pass\n", "f"),
    ("typescript", "class A {\n  m() {\n    foo(a, ‸\n  }\n  n() {}\n}\n", "A m"),
    ("typescript", "class A {\n  m() {\n    const x = ‸\n  }\n}\n", "A m"),
    ("typescript", "function f() {\n}‸\n", ""),
    ("rust", "impl A {\n    fn f() {\n        let x = foo(‸\n    }\n}\n", "A f"),
    ("go", "func f() {\n\tx := foo(‸\n}\n", "f"),
    ("markdown", "# One\n\n## Two\n\n‸", "One Two"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "names"), PLACES)
def test_enclosing(language: str, text: str, names: str) -> None:
    tree, position = at_mark(language, text)
    assert " ".join(definition.name for definition in enclosing(tree, position)) == names


SIBLINGS = [
    ("python", "def a(): 1\n\n@x\ndef b(): 1\n\ndef c():‸ 1\nclass D:\n  def e(): 1\n", "b a"),
    ("python", "class A:\n  def a(self): 1\n  x: int\n  def b(self):‸ 1\n\ndef c(): 1\n", "a"),
    ("typescript", "const a = () => 1;\nfunction b() {‸}\nexport class C {\n  d() {}\n}\n", "a"),
    ("java", "class A {\n  void a() {}\n  int x;\n  void b() {‸}\n}\n", "a"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "names"), SIBLINGS)
def test_earlier_siblings(language: str, text: str, names: str) -> None:
    """Nearest first, each once, none from inside another one."""
    tree, position = at_mark(language, text)
    innermost = enclosing(tree, position)[-1]
    assert " ".join(sibling.name for sibling in earlier_siblings(tree, innermost)) == names


def test_references_are_nearest_first_and_not_local() -> None:
    tree, position = at_mark(
        "python", "a()\ndef f(x):\n    y = b(x)\n    c()\n    d(y, ‸)\n    e()\n"
    )
    assert references(tree, whole(tree), position) == ("d", "c", "e", "b", "a")


def test_references_on_one_line_keep_the_order_of_the_text() -> None:
    names = [f"name_{number}" for number in range(40)]
    tree = tree_of("python", f"f({', '.join(names)})\n\n")
    assert references(tree, whole(tree), Position(1, 0)) == ("f", *names)


def test_imports_before_a_line() -> None:
    tree = tree_of("python", "import a\nimport b\n\nimport c\n")
    assert [found.names for found in imports(tree, 3)] == [("a",), ("b",)]


def test_import_spans() -> None:
    tree = tree_of("go", 'package p\n\nimport (\n\t"fmt"\n)\n')
    assert [tree.text(found.span) for found in imports(tree)] == ['import (\n\t"fmt"\n)']
