"""An answer that repeats the code with one change makes that change and no other."""

from __future__ import annotations

import pytest

from tests.features.edit.test_edit import Edited


async def changed(name: str, language: str, text: str, answer: str) -> str:
    """The text after an answer for the lines between the marks, whose lines are left out."""
    before, rest = text.split("<<<\n")
    inside, after = rest.split(">>>\n")
    first = before.count("\n")
    edited = Edited(
        f"```\n{answer}\n```\n",
        text=before + inside + after,
        path=f"/project/{name}",
        language=language,
    )
    return edited.after(await edited.refactor(((first, 0), (first + inside.count("\n"), 0)), "go"))


SECTION = "def a():\n    return 1\n\n\n# ---- Section two ----\n\n\ndef b():\n    return 2"
METHODS = "  a() {\n    return 1;\n  }\n\n  // ---- Section ----\n\n  b() {\n    return 2;\n  }\n"


@pytest.mark.parametrize(
    ("name", "language", "text", "answer", "wanted"),
    [
        ("a.py", "python", 'load()\nprint("done")\n\n<<<\nsave()\nprint("done")\n>>>\n',
         'save(force=True)\nprint("done")',
         'load()\nprint("done")\n\nsave(force=True)\nprint("done")\n'),
        ("a.py", "python", 'load()\nprint("done")\n\n<<<\nsave()\nprint("done")\n>>>\n',
         'load()\nprint("done")\n\nsave(force=True)\nprint("done")',
         'load()\nprint("done")\n\nsave(force=True)\nprint("done")\n'),
        ("a.py", "python", 'load()\nprint("done")\n<<<\nsave()\nprint("done")\n>>>\n',
         'print("done")\nsave()', 'load()\nprint("done")\nprint("done")\nsave()\n'),
        ("a.sh", "shellscript", "set -e\nmake\nmake test\n\n<<<\ncd b\nmake install\n>>>\n",
         "cd b || exit 1\nmake\nmake install",
         "set -e\nmake\nmake test\n\ncd b || exit 1\nmake\nmake install\n"),
        ("a.js", "javascript",
         "const a = load();\nlog(a);\n\n<<<\nconst b = save(a);\nlog(a);\n>>>\n",
         "const b = save(a, true);\nlog(a);",
         "const a = load();\nlog(a);\n\nconst b = save(a, true);\nlog(a);\n"),
        ("a.js", "javascript",
         'import { s } from "s";\n\nconst LIMIT = 3;\nlog(LIMIT);\n\n<<<\ns(LIMIT);\n>>>\n',
         'import { s } from "s";\n\nconst LIMIT = 3;\n\ns(2 * LIMIT);',
         'import { s } from "s";\n\nconst LIMIT = 3;\nlog(LIMIT);\n\ns(2 * LIMIT);\n'),
        ("a.py", "python", "x = a - b\n\n<<<\ny = 1\nx = b - a\n>>>\n", "y = 2\nx = b - a",
         "x = a - b\n\ny = 2\nx = b - a\n"),
        ("A.java", "java",
         "class A {\n  static { x = 1; }\n  int y;\n<<<\n  static { x = 1; }\n  int z;\n>>>\n}\n",
         "  static { x = 1; }\n  int zz;",
         "class A {\n  static { x = 1; }\n  int y;\n  static { x = 1; }\n  int zz;\n}\n"),
        ("a.py", "python", f"import os\n\n\n<<<\n{SECTION}\n>>>\n",
         "import os\n\n\n" + SECTION.replace("1", "10"),
         "import os\n\n\n" + SECTION.replace("1", "10") + "\n"),
        ("a.ts", "typescript", f"export class A {{\n<<<\n{METHODS}>>>\n}}\n",
         f"export class A {{\n{METHODS.replace('1', '10')}}}",
         f"export class A {{\n{METHODS.replace('1', '10')}}}\n"),
        ("a.py", "python", "import os\n\n# O.\n\n<<<\ndef a():\n    return 1\n>>>\n",
         "import os\n\n# O.\n\n# N.\n\ndef a():\n    return 2",
         "import os\n\n# O.\n\n# N.\n\ndef a():\n    return 2\n"),
        ("a.js", "javascript", "function f() {\n  a();\n<<<\n  a();\n  b();\n>>>\n}\n",
         "function f() {\n  a();\n  c();\n}", "function f() {\n  a();\n  a();\n  c();\n}\n"),
        ("a.js", "javascript", "function f() {\n  a();\n<<<\n  a();\n  b();\n>>>\n}\n",
         "function f() {\n  a();\n  a();\n  c();\n}",
         "function f() {\n  a();\n  a();\n  c();\n}\n"),
    ],
)  # fmt: skip
async def test_lines_that_stand_in_the_file_twice_stay(name, language, text, answer, wanted):
    assert await changed(name, language, text, answer) == wanted


@pytest.mark.parametrize(
    ("name", "language", "text", "answer", "wanted"),
    [
        # an import written in a statement stays there
        ("a.js", "javascript",
         'const a = require("a");\n\nclass A {\n  f() {\n<<<\n    a();\n\n'
         '    const os = require("os");\n    log(os);\n>>>\n  }\n}\n',
         'const a = require("a");\n\n    b();\n\n    const os = require("os");\n    log(os);',
         'const a = require("a");\n\nclass A {\n  f() {\n    b();\n\n'
         '    const os = require("os");\n    log(os);\n  }\n}\n'),
        ("a.php", "php",
         "<?php\n\nuse A\\B;\n\nclass C\n{\n    function f()\n    {\n<<<\n"
         "        a();\n        b();\n>>>\n    }\n}\n",
         "use A\\B;\n\na();\nc();",
         "<?php\n\nuse A\\B;\n\nclass C\n{\n    function f()\n    {\n        a();\n        c();\n"
         "    }\n}\n"),
        # imports above a method that parses in a class only
        ("a.php", "php",
         "<?php\n\nuse A\\B;\n\nclass C\n{\n<<<\n"
         "    public function f()\n    {\n        a();\n    }\n>>>\n}\n",
         "use A\\B;\n\npublic function f()\n{\n    b();\n}",
         "<?php\n\nuse A\\B;\n\nclass C\n{\n"
         "    public function f()\n    {\n        b();\n    }\n}\n"),
        # the lines begin between a definition and its first comment
        ("a.lua", "lua",
         "local M = {}\n\n--- Return it.\n<<<\n--- @param a string\nfunction M.f(a) end\n\n"
         "--- B.\n>>>\nfunction M.g(b) end\n",
         "--- @param c string\nfunction M.f(c) end\n\n--- B.",
         "local M = {}\n\n--- Return it.\n--- @param c string\nfunction M.f(c) end\n\n--- B.\n"
         "function M.g(b) end\n"),
        # what a statement holds is not taken for the statement
        ("a.ts", "typescript",
         "interface A {\n<<<\n  b?: {\n    c(): { d: string };\n    e(): void;\n  };\n>>>\n}\n",
         "b?: {\n  c(): { d: string };\n  f(): void;\n};",
         "interface A {\n  b?: {\n    c(): { d: string };\n    f(): void;\n  };\n}\n"),
        # the lines end inside a definition
        ("a.cpp", "cpp",
         "// A.\n// B.\n<<<\n// C.\nstruct A {\n  int b;\n  int c();\n>>>\n  int d();\n};\n",
         "// C.\nstruct A {\n  int bb;\n  int c();",
         "// A.\n// B.\n// C.\nstruct A {\n  int bb;\n  int c();\n  int d();\n};\n"),
        ("a.h", "c",
         "#ifndef A\n#define A\nDECL int a(s *t,\n<<<\n           int one);\nDECL int b(s *t);\n\n"
         "/* Between. */\nDECL int c(s *t, int off,\n>>>\n           int rng);\n#endif\n",
         "           int one);\nDECL int b(s *state);\n\n"
         "/* Between. */\nDECL int c(s *state, int off,",
         "#ifndef A\n#define A\nDECL int a(s *t,\n           int one);\nDECL int b(s *state);\n\n"
         "/* Between. */\nDECL int c(s *state, int off,\n           int rng);\n#endif\n"),
        ("a.h", "c",
         "#ifndef A\n#define A\n<<<\n/* Of b. */\nint b(int st);\n>>>\nint c(void);\n#endif\n",
         "#ifndef A\n#define A\n/* Of b. */\nint b(int state);\n#endif",
         "#ifndef A\n#define A\n/* Of b. */\nint b(int state);\nint c(void);\n#endif\n"),
    ],
)  # fmt: skip
async def test_parts_of_statements_stay_in_them(name, language, text, answer, wanted):
    assert await changed(name, language, text, answer) == wanted


WORKFLOW = (
    "steps:\n  - run: |\n      if x:\n          y\n          if z:\n              w\n"
    "              if v:\n                  u\n  - uses: a\n    with:\n      b: 1\n"
)
QUERY = (
    'def f():\n    q = """\n    <ul>\n      <li>\n        <b>\n          <i>\n            x\n'
    '    """\n'
    "    if q:\n        return q\n    return None\n"
)
BRANCH = "def f(x):\n    if x:\n        log()\n<<<\n        return 1\n    return 2\n>>>\n"


@pytest.mark.parametrize(
    ("name", "language", "text", "answer", "wanted"),
    [
        # the first line is deeper than a later one
        ("a.py", "python", BRANCH, "        return 10\n    return 2",
         "def f(x):\n    if x:\n        log()\n        return 10\n    return 2\n"),
        ("a.py", "python", BRANCH, "    return 10\nreturn 2",
         "def f(x):\n    if x:\n        log()\n        return 10\n    return 2\n"),
        ("a.yaml", "yaml",
         "a:\n  b:\n<<<\n    c: 1\n  d: 2\ne: 3\n>>>\n", "    c: 10\n  d: 2\ne: 3",
         "a:\n  b:\n    c: 10\n  d: 2\ne: 3\n"),
        ("a.ts", "typescript",
         "function f(x) {\n  if (x) {\n<<<\n    a();\n  } else {\n    b();\n>>>\n  }\n}\n",
         "  aa();\n} else {\n  b();",
         "function f(x) {\n  if (x) {\n    aa();\n  } else {\n    b();\n  }\n}\n"),
        # lines inside strings show no level
        ("a.py", "python", f"<<<\n{QUERY}>>>\n", QUERY.replace("return q", "return q + ''"),
         QUERY.replace("return q", "return q + ''")),
        ("a.yml", "yaml", f"<<<\n{WORKFLOW}>>>\n", WORKFLOW.replace("b: 1", "b: 2"),
         WORKFLOW.replace("b: 1", "b: 2")),
        # a directive stays at the margin, and the others get theirs back
        ("a.c", "c",
         "void f() {\n    {\n<<<\n        a();\n#ifdef X\n        b();\n#endif\n>>>\n    }\n}\n",
         "a();\n#ifdef X\nc();\n#endif",
         "void f() {\n    {\n        a();\n#ifdef X\n        c();\n#endif\n    }\n}\n"),
        # a string's text is moved back with its code
        ("a.py", "python",
         'class A:\n<<<\n    def f(self):\n        return """\n        x\n        """\n>>>\n',
         'def f(this):\n    return """\n    x\n    """',
         'class A:\n    def f(this):\n        return """\n        x\n        """\n'),
        # a scalar's text moves with its key
        ("a.yml", "yaml",
         "jobs:\n  a:\n<<<\n    steps: []\n>>>\n", "steps:\n- run: |\n    a\n      b",
         "jobs:\n  a:\n    steps:\n    - run: |\n        a\n          b\n"),
    ],
)  # fmt: skip
async def test_lines_stay_on_their_levels(name, language, text, answer, wanted):
    assert await changed(name, language, text, answer) == wanted
