"""What kind of text a position is in."""

from __future__ import annotations

import pytest

from leanwide.syntax import completion_shape, in_comment, in_string
from leanwide.syntax.place import expects_block
from leanwide.syntax.statement import statement_start
from tests.marked import MARK
from tests.syntax.marked import at_mark


def check(language: str, text: str, expected: str) -> None:
    """Check what holds at the mark.

    ``expected`` lists the completion shape, ``expects`` for a block, ``comment``, ``string``, and
    ``+n`` for n lines between the start of the statement and the mark.
    """
    tree, position = at_mark(language, text)
    start = statement_start(tree, position)
    words: list[str] = [completion_shape(tree, position)]
    words += ["expects"] * expects_block(tree, position)
    words += ["comment"] * in_comment(tree, position) + ["string"] * in_string(tree, position)
    lines = position.line - start.line
    words += [f"+{lines}"] if lines else []
    assert start.column == 0
    assert " ".join(words) == expected


PYTHON = [
    ("def f(x):‸\n", "block expects"),
    ("def f(x):\n    ‸\n", "block expects"),
    ("def f(x):\n‸\n", "block expects"),
    ("def f(x):\n\n    ‸", "block expects"),
    ("def f(\n    x,\n):‸\n", "block expects +2"),
    ("def f(\n    x,\n):\n    ‸\n", "block expects"),
    ("async def f(x):  # later\n    ‸\n", "block expects"),
    ("class A:\n    def f(self):\n        ‸\n\n    def g(self):\n        pass\n", "block expects"),
    ("class A:\n    def f(self):\n        ‸\n    x = (\n", "block expects"),
    ("def f():\n    # count them\n    ‸\n", "block expects"),
    ("def f():\n    x = 1\n    # count them\n    ‸\n", "block"),
    ("def f():\n    ‸\n    return 1\n", "line"),
    ("def f():‸\n    return 1\n", "line"),
    ("if x:\n    ‸\nelse:\n    pass\n", "block expects"),
    ("def f():\n    x = 1\n    ‸\n", "line"),
    ("def f():\n    x = 1\n\n    ‸\n", "line"),
    ("x = 1\n\n\n‸\n", "block"),
    ("class A:\n    x = 1\n    ‸\n", "line"),
    ("class A:\n    def f(self):\n        return 1\n\n    ‸\n", "block"),
    ("@cache\n‸\n", "block"),
    ("x = ‸\n", "line"),
    ("x = {‸}\n", "line"),
    ("d = {1: ‸\n", "line"),
    ("d = x[1:‸]\n", "line"),
    ("if x:\n    d = {\n        1:‸\n", "line +1"),
    ("lambda x:‸\n", "line"),
    ("print(‸)\n", "line"),
    ("print(‸, y)\n", "line"),
    ("foo‸ = 1\n", "line"),
    ("# say ‸\n", "line comment"),
    ("x = 1  # say‸", "line comment"),
    ("‸# say\n", "line"),
    ("x = 'a‸b'\n", "line string"),
    ("x = 'ab'‸\n", "line"),
    ("x = 'a‸\n", "line string"),
    ("print('it‸\n", "line string"),
    ("x = f'a {‸} b'\n", "line"),
    ("x = f'a {y} ‸ b'\n", "line string"),
    ("def f():\n    '''Do.\n\n    ‸\n    '''\n", "line string"),
    ("def f():\n    '''Do‸'''\n", "line string"),
    ("def f():\n    '''Do.'''\n    ‸\n", "line"),
    ("x = foo(\n    a,\n    ‸\n)\n", "line +2"),
    ("y = 1\nx = foo(a,\n    b‸", "line +1"),
    ("y = 1\nx = a + \\\n    b‸\n", "line +1"),
    ("if a:\n    b\nelif c‸\n", "line"),
    ("é = '日本語'; x = ‸\n", "line"),
    ("\tif x:\n\t\t‸\n", "block expects"),
    ("if x:\r\n    ‸\r\n", "block expects"),
    ("if x:\r    ‸\r", "block expects"),
    ("‸", "line"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PYTHON)
def test_python(text: str, expected: str) -> None:
    check("python", text, expected)


TYPESCRIPT = [
    ("function f() {‸}\n", "block expects"),
    ("function f() {‸\n}\n", "block expects"),
    ("function f() {\n  ‸\n}\n", "block expects"),
    ("function f() {\n  ‸\n\nfunction g() {}\n", "block expects"),
    ("function f() {\n  ‸\n  return 1;\n}\n", "line"),
    ("if (x) {\n} else {‸\n}\n", "block expects"),
    ("const f = (x: T) =>‸\n", "block expects"),
    ("class A {\n  m() {}\n\n  ‸\n}\n", "block"),
    ("foo(() => {‸});\n", "block expects"),
    ("foo(() => {\n  const x = ‸\n});\n", "line"),
    ("foo(\n  a,\n  ‸\n);\n", "line +2"),
    ("x = list\n  .map(f)\n  .fil‸\n", "line +2"),
    ("x = foo(\n)\n  .fil‸\n", "line +2"),
    ("const o = {\n  a: 1,\n  b: ‸\n};\n", "line"),
    ("const s = `a ‸ b`;\n", "line string"),
    ("const s = `a ${‸} b`;\n", "line"),
    ("const s = \"a‸\n", "line string"),
    ("/* a ‸ */\n", "line comment"),
    ("/* a */‸\n", "line"),
    ("/**\n * a‸\n */\nfunction f() {}\n", "line comment"),
    ("// a‸\n", "line comment"),
    ("switch (x) {\n  case 1:\n    foo();\n    ba‸\n}\n", "line"),
    ("let x = ‸;\n", "line"),
    ("let x = ‸ + 1;\n", "line"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), TYPESCRIPT)
def test_typescript(text: str, expected: str) -> None:
    check("typescript", text, expected)


OTHERS = [
    ("rust", "fn f() {\n    ‸\n}\n", "block expects"),
    ("rust", "match x {\n    Some(y) => ‸\n}\n", "line"),
    ("rust", "fn f<'a>(x: &'a str) -> ‸\n", "line"),
    ("rust", "/// says ‸\nfn f() {}\n", "line comment"),
    ("rust", "#[test]\n‸\n", "block"),
    ("rust", "impl A {\n    fn f() {}\n\n    ‸\n}\n", "block"),
    ("rust", "let x = a\n    .b()\n    .c‸\n", "line +2"),
    ("go", "func f() {\n\t‸\n}\n", "block expects"),
    ("go", "if err != nil {‸\n", "block expects"),
    ("java", "class A {\n  void f() {\n    ‸\n  }\n}\n", "block expects"),
    ("java", "class A {\n  @Override\n  ‸\n}\n", "block"),
    ("c", "int f(void)\n{\n    ‸\n}\n", "block expects"),
    ("c", "char *s = \"a‸\n", "line string"),
    ("c", "switch (x) {\n    case 1:\n        ‸\n}\n", "block expects"),
    ("javascript", "switch (x) {\n  case 1:‸\n  default:\n}\n", "block expects"),
    ("typescript", "suite\n  .add('a', () => {‸\n  })\n  .run();\n", "block expects +1"),
    ("cpp", "namespace n {\n‸\n}\n", "block expects"),
    ("csharp", "class A {\n  int P\n  {\n    ‸\n  }\n}\n", "block expects"),
    ("ruby", "def f(x)\n  ‸\nend\n", "block expects"),
    ("ruby", "if x\n  ‸\nend\n", "block expects"),
    ("ruby", "xs.each do |x|‸\n", "block expects"),
    ("ruby", "if x‸\n", "line"),
    ("php", "<?php\nfunction f() {\n  ‸\n}\n", "block expects"),
    ("lua", "function f(a)\n  ‸\nend\n", "block expects"),
    ("lua", "if x then‸\n", "block expects"),
    ("shellscript", "if x; then\n  ‸\nfi\n", "block expects"),
    ("shellscript", "f() {\n  ‸\n}\n", "block expects"),
    ("html", "<div>\n  ‸\n</div>\n", "block expects"),
    ("html", "<br>\n‸\n", "line"),
    ("html", "<div class=\"a‸\">\n</div>\n", "line string"),
    ("css", ".a {\n  ‸\n}\n", "block expects"),
    ("css", ".a {\n  color: ‸;\n}\n", "line"),
    ("json", "{\n  ‸\n}\n", "block expects"),
    ("json", "{\n  \"a\": [‸]\n}\n", "block expects"),
    ("json", "{\n  \"a\": ‸\n}\n", "line"),
    ("json", "{\n  \"a‸\n}\n", "line string"),
    ("yaml", "a:\n  ‸\n", "block expects"),
    ("yaml", "a: ‸\n", "line"),
    ("yaml", "# a‸\n", "line comment"),
    ("toml", "[a]\n‸\n", "block expects"),
    ("toml", "a = \"b‸\"\n", "line string"),
    ("markdown", "# One\n\n‸\n", "block expects"),
    ("markdown", "It isn't ‸\n", "line"),
    ("markdown", "```python\n‸\n```\n", "block expects"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text", "expected"), OTHERS)
def test_other_languages(language: str, text: str, expected: str) -> None:
    check(language, text, expected)


def test_mark_is_one_code_point() -> None:
    """The tables rely on it."""
    assert len(MARK) == 1
