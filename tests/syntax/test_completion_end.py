"""Where a completion is complete."""

from __future__ import annotations

import pytest

from leanwide.syntax import completed_length, language_for
from leanwide.syntax.place import CompletionShape
from tests.marked import MARK


def check(language: str, text: str, shape: CompletionShape = "block") -> None:
    """Check where the completion between the two marks in ``text`` closes: at the ``|``.

    No ``|`` means that it is not complete. While the completion grows, and however much text
    follows, the result is that position or None.
    """
    known = language_for(language)
    assert known is not None
    before, marked, after = text.split(MARK)
    wanted, bar, rest = marked.partition("|")
    completion = wanted + rest
    expected = len(wanted) if bar else None
    found = completed_length(known, before, completion, after, shape=shape)
    assert (found, completion[:found]) == (expected, completion[:expected])
    for length in range(len(completion)):
        early = completed_length(known, before, completion[:length], after, shape=shape)
        assert early in (None, expected), completion[:length]


LINES = [
    ("python", "x = ‸a + b|\ny = 1‸\n"),
    ("python", "x = ‸a + b‸\n"),
    ("rust", "/// ‸Adds.|\n/// More.‸\n"),
    ("rust", "/// ‸```\n/// add(1, 2);\n/// ```|\n/// More.‸\n"),
    ("rust", "/// ```\n/// add(1, 2);\n/// ‸```|\n/// More.‸\n"),
    ("go", "// ‸```go\n// Add(1, 2)‸\n"),
    ("python", "x = ‸foo(\n    a,\n)|\ny‸\n"),
    ("python", "x = foo(a, ‸b|\nc‸)\n"),
    ("python", "x = foo(a, ‸b,\n    c)|\ny‸\n"),
    ("python", "x = ‸a + \\\n    b|\ny‸\n"),
    ("python", "x = ‸a or\\\n    b|\ny‸\n"),
    ("python", "x = ‸'''a\nb'''|\ny‸\n"),
    ("python", "x = ‸')'  # (|\ny‸\n"),
    ("python", "x = 'a‸ (b'|\ny‸\n"),
    ("python", "x = {‸\n    1: 2,\n}|\ny‸\n"),
    ("python", "def f(‸x):|\n    return x\n‸\n"),
    ("python", "x = 1‸|\ny = 2‸\n"),
    ("python", "x = ‸1|\r\ny‸\r\n"),
    ("typescript", "const x = ‸a;|\nconst y‸\n"),
    ("typescript", "const x = ‸{|\n  a: 1,\n};\n‸\n"),
    ("typescript", "const x = ‸foo({\n  a: 1,\n});|\n‸\n"),
    ("typescript", "foo(() => {\n  ‸bar();|\n  baz();‸\n});\n"),
    ("rust", "let x: &'a str = ‸y;|\nlet z‸\n"),
    ("json", "{\n  \"a\": ‸1,|\n  \"b\": 2‸\n}\n"),
    ("yaml", "a: ‸it's|\nb: c‸\n"),
    ("markdown", "It ‸isn't (so|\nhere.‸\n"),
    ("markdown", "- ‸a|\n- b‸\n"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text"), LINES)
def test_line(language: str, text: str) -> None:
    check(language, text, "line")


PYTHON = [
    "def f(x):‸\n    return x|\n\ndef g‸\n",
    "def f(x):‸\n    return x‸\n",
    "def f(x):\n    ‸return x|\n\n\ndef g():‸\n",
    "def f(x):\n    ‸y = x\n\n    return y|\nf(1)‸\n",
    "def f(x):\n‸    return x|\nf(1)‸\n",
    "class A:\n    def f(self):\n        ‸return 1|\n\n    def g(self):\n‸\n",
    "class A:\n    def f(self):\n        ‸if x:\n            z()\n        return 2|\n    y = 1‸\n",
    "def f(\n    x,\n):\n    ‸return x|\ny = 1‸\n",
    "def f(x):\n    ‸\"\"\"Do.\n\ndef no\n    \"\"\"\n    return x|\ny = 1‸\n",
    "def f(x):\n    ‸return [\n1,\n]|\ny = 1‸\n",
    "if x:\n    ‸y()|\nelse:\n    z()\n‸\n",
    "x = 1\n\n\n‸def f():\n    return 1|\n\n\ndef g‸\n",
    "@cache\n‸def f():\n    return 1|\n\n\ndef g‸\n",
    "# count\n‸if x:\n    y\nelse:\n    z|\n\nw = 1‸\n",
    "# count\n‸@cache\ndef f():\n    return 1|\nx = f()‸\n",
    "def f():\n    x = 0\n    # count\n    ‸x = 1|\n    y = 2‸\n",
    "def f‸(x):\n    return x|\ny = 1‸\n",
    "\tif x:\n\t\t‸y|\n\tz = 1‸\n",
    "def f(x):\r\n    ‸return x|\r\ny = 1‸\r\n",
    "def f(x):\n    ‸return '日本'  # ‸\n",
]  # fmt: skip


@pytest.mark.parametrize("text", PYTHON)
def test_python_block(text: str) -> None:
    check("python", text)


BLOCKS = [
    ("typescript", "function f() {‸\n  return 1;\n}|\nf();‸\n"),
    ("typescript", "function f() {\n  ‸return 1;|\n}\nf();‸\n}\n"),
    ("typescript", "function f() {‸ return 1;| }‸}\n"),
    ("typescript", "class A {\n  m() {\n    ‸return 1;\n  }|\n  n() {‸\n}\n"),
    ("typescript", "foo(() => {‸\n  bar();\n});|\nbaz‸\n"),
    ("typescript", "foo(() => {\n  ‸bar(`}`); // }\n  x = '}';|\n}\n‸});\n"),
    ("typescript", "if (x) {\n  ‸y();\n}| else {\n}‸\n"),
    ("typescript", "class A {\n  x = 1;\n\n  ‸m() {\n    a();\n  }|\n\n  n() {‸\n}\n"),
    ("typescript", "class A {\n  x = 1;\n\n  ‸m() {\n    a();\n  }|\n}\n‸\n}\n"),
    ("typescript", "// f\n‸if (x) {\n  a();\n} else {\n  b();\n}|\nc();‸\n"),
    ("typescript", "const f = () =>‸\n  1;|\nconst g‸\n"),
    ("typescript", "import {‸ a, b } from 'x';|\nimport c‸\n"),
    ("typescript", "import {‸\n  a,\n} from 'x';|\nimport c‸\n"),
    ("typescript", "useEffect(() => {‸\n  f();\n}, [a, () => {\n  g();\n}]); // }|\nf()‸\n"),
    ("typescript", "f(\n  <A b={() => ‸{}} />|\n  c‸\n)\n"),
    ("c", "typedef struct {‸\n    int a;\n} A;|\nint b‸\n"),
    ("rust", "fn f() -> char {\n    ‸'}'\n}|\nfn g‸\n"),
    ("rust", "fn f<'a>() {\n    ‸let x: &'a str = \"}\";\n}|\nfn g‸\n"),
    ("rust", "#[test]\n‸fn f() {\n    a();\n}|\nfn g‸\n"),
    ("go", "func f() {\n\t‸return 1|\n}\n‸}\n"),
    ("c", "int f(void)\n{\n    ‸return 1;\n#ifdef X\n    x();\n#endif\n}|\nint g‸\n"),
    ("json", "{\n  ‸\"a\": [1, 2],\n  \"b\": \"}\"|\n}‸\n}\n"),
    ("css", ".a {\n  ‸color: red;\n}|\n.b‸\n"),
    ("ruby", "def f(x)\n  ‸x + 1\nend|\ndef g‸\n"),
    ("ruby", "def f(x)\n  ‸x + 1|\nend\n‸\nend\n"),
    ("ruby", "class A\n  def f(x)\n    ‸x + 1\n  end|\n\n  def g‸\nend\n"),
    ("ruby", "if x\n  ‸a\nelse\n  b\nend|\nc‸\n"),
    ("ruby", "# f\n‸def f(x)\n  x\nend|\nc‸\n"),
    ("lua", "function f(a)\n  ‸return a\nend|\nx = 1‸\n"),
    ("shellscript", "if x; then\n  ‸y\nfi|\nz‸\n"),
    ("html", "<div>\n  ‸<p>a</p>\n</div>|\n<p>‸\n"),
    ("html", "<div>\n  ‸<p>a</p>|\n</div>\n<p>‸\n</div>\n"),
    ("yaml", "a:\n  ‸b: 1\n  c: 2|\nd: 3‸\n"),
    ("toml", "[a]\n‸b = 1\nc = 2|\n\n[d]\n‸"),
    ("markdown", "# One\n‸\nSome text\nover two lines.|\n\nMore‸\n"),
    ("markdown", "```python\n‸x = 1\n\ny = 2\n```|\nMore‸\n"),
    ("markdown", "```python\n‸x = 1\n\ny = 2|\n```\nMore‸\n```\n"),
    ("markdown", "So:\n‸```py\nx = 1\n\ny = 2\n```|\n\nMore‸\n"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "text"), BLOCKS)
def test_block(language: str, text: str) -> None:
    check(language, text)
