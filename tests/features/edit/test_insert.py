"""Code written on a blank line, with a scripted engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.postprocess.insertion import blanks_around_code, insertion, margin_at
from leanwide.postprocess.splice import applied
from leanwide.syntax import language_for, split
from tests.features.edit.test_edit import SOURCE, Edited, fenced

PYTHON, RUST = language_for("python"), language_for("rust")
HAS = "def has(self, name):\n    return name in self.settings"


def cursor(text: str) -> tuple[str, tuple[tuple[int, int], tuple[int, int]]]:
    """A text without its mark, and the empty range where the mark was."""
    before, _, after = text.partition("^")
    at = (before.count("\n"), len(before.rpartition("\n")[2]))
    return before + after, (at, at)


async def inserted(text: str, answer: str, name: str = "store.py", language: str = "python") -> str:
    """The text after an answer was inserted at the mark."""
    text, span = cursor(text)
    edited = Edited(answer, text=text, path=f"/project/{name}", language=language)
    return edited.after(await edited.refactor(span, "add it"))


@pytest.mark.parametrize(
    ("text", "answer", "wanted"),
    [
        ("def f():\n^\n    return a\n", "a = 1", "def f():\n    a = 1\n    return a\n"),
        ("def f():\n    a = 1\n    ^\n\n\ndef g(): ...\n", "return a",
         "def f():\n    a = 1\n    return a\n\n\ndef g(): ...\n"),
        ("a = 1\n^\nb = 2\n", "def f():\n    pass", "a = 1\n\n\ndef f():\n    pass\n\n\nb = 2\n"),
        ("a = 1\n^", "def f():\n    pass", "a = 1\n\n\ndef f():\n    pass\n"),
        ("^", "a = 1", "a = 1\n"),
        ("class A:\n    def f(self):\n        pass\n^\n    def g(self):\n        pass\n", HAS,
         "class A:\n    def f(self):\n        pass\n\n"
         "    def has(self, name):\n        return name in self.settings\n\n"
         "    def g(self):\n        pass\n"),
    ],
)  # fmt: skip
async def test_code_is_indented_and_spaced_as_its_place_wants(text, answer, wanted):
    assert await inserted(text, fenced(answer)) == wanted


async def test_a_block_in_brackets_has_its_own_level():
    text = "fn f() {\n^\n}\n\nfn g() {\n    h();\n}\n"
    after = await inserted(text, "```rust\nh();\n```", "a.rs", "rust")
    assert after == text.replace("^", "    h();")


async def test_lines_around_that_the_model_repeats_are_left_out():
    text = "import os\n\n\ndef f(a):\n    b = a\n^\n    return b\n"
    answer = "def f(a):\n    b = a\n    b += 1\n    return b"
    assert await inserted(text, fenced(answer)) == text.replace("^", "    b += 1")
    assert await inserted(text, fenced(f"# <HERE>\n{'b += 1'}")) == text.replace("^", "    b += 1")


async def test_code_around_that_the_model_writes_again_is_left_out():
    text = "class A:\n    def f(self):\n        return 1\n    ^\n"
    again = "class A:\n    def f(self):\n        # one\n        return 1\n\n    def g(self): ..."
    wanted = "class A:\n    def f(self):\n        return 1\n\n    def g(self): ...\n"
    assert await inserted(text, fenced(again)) == wanted
    lost = again.replace("return 1", "return 2")
    edited = Edited(fenced(lost), fenced("def g(self): ..."), text=cursor(text)[0])
    assert edited.after(await edited.refactor(cursor(text)[1], "add g")) == wanted
    assert "only new lines are wanted" in edited.prompts[1]


TWO = """\
class A {
  a() {
    return 1;
  }
^
  c() {
    return 3;
  }
}
"""
B = "b() {\n  return 2;\n}"
INNER_B = "  b() {\n    return 2;\n  }"
A, C = "  a() {\n    return 1;\n  }", "  c() {\n    return 3;\n  }"


@pytest.mark.parametrize(
    "answer",
    [
        B,
        f"class A {{\n{A}\n\n{INNER_B}\n\n{C}\n}}",
        f"class A {{\n{INNER_B}\n}}",
        f"class A {{\n  // ... existing code ...\n\n{INNER_B}\n\n  // ... existing code ...\n}}",
        f"{A}\n\n{INNER_B}",
        f"{INNER_B}\n\n{C}",
        f"{INNER_B}\n\n{C}\n}}",
    ],
)
async def test_what_stands_between_the_repeated_lines_is_inserted(answer):
    """Whether the model writes all that is around, only the class, or only a neighbour."""
    after = await inserted(TWO, f"```ts\n{answer}\n```", "a.ts", "typescript")
    assert after == TWO.replace("^\n", f"\n{INNER_B}\n\n")


@pytest.mark.parametrize(
    ("language", "text", "answer", "wanted"),
    [
        # lines that occur twice
        (
            "python",
            "class A:\n    def a(self):\n        return self.x\n^\n    def c(self):\n"
            "        return self.x\n",
            "class A:\n    def a(self):\n        return self.x\n\n    def b(self):\n"
            "        return self.x\n\n    def c(self):\n        return self.x",
            "\n    def b(self):\n        return self.x\n",
        ),
        # new lines that begin or end as those around
        (
            "python",
            "def f(a):\n^\n    return None\n",
            "if a is None:\n    return None",
            "    if a is None:\n        return None",
        ),
        (
            "python",
            "def f():\n    try:\n^\n        g()\n    except E:\n        pass\n",
            "try:\n    h()\nexcept E:\n    pass",
            "        try:\n            h()\n        except E:\n            pass",
        ),
        (
            "ruby",
            "class A\n  def a\n    1\n  end\n^\nend\n",
            "  def a\n    1\n  end\n\n  def b\n    2\n  end",
            "\n  def b\n    2\n  end",
        ),
        # what is around on lines of their own, and blocks that are no definitions
        (
            "csharp",
            "class A\n{\n    int a()\n    {\n        return 1;\n    }\n^\n}\n",
            "class A\n{\n    int b()\n    {\n        return 2;\n    }\n}",
            "\n    int b()\n    {\n        return 2;\n    }",
        ),
        (
            "javascript",
            'describe("f", () => {\n  it("a", () => {\n    f();\n  });\n^\n});\n',
            'describe("f", () => {\n  it("b", () => {\n    g();\n  });\n});',
            '  it("b", () => {\n    g();\n  });',
        ),
        ("rust", "fn f() {\n    if x {\n^\n    }\n}\n", "if x {\n    g();\n}", "        g();"),
        (
            "go",
            "package a\n\ntype T struct {\n\ta int\n^\n}\n",
            "type T struct {\n\ta int\n\tb int\n}",
            "\tb int",
        ),
        # comments of what is around
        (
            "javascript",
            "/** A. */\nfunction a() {\n}\n^\n/** C. */\nfunction c() {\n}\n",
            "/** B. */\nfunction b() {\n}\n\n/** C. */\nfunction c() {\n}",
            "\n/** B. */\nfunction b() {\n}\n",
        ),
    ],
)
async def test_new_lines_are_told_from_repeated_ones(language, text, answer, wanted):
    after = await inserted(text, f"```\n{answer}\n```", "a", language)
    assert after == text.replace("^", wanted)


@pytest.mark.parametrize(
    ("language", "text", "answer", "after"),
    [
        (
            "typescript",
            'import { a } from "./a";\n\nexport function f() {\n  a();\n}\n^\n',
            'import { a } from "./a";\nimport { b } from "./b";\n\n'
            "export function g() {\n  b();\n}",
            'import { a } from "./a";\nimport { b } from "./b";\n\n'
            "export function f() {\n  a();\n}\n\nexport function g() {\n  b();\n}\n",
        ),
        (
            "go",
            'package a\n\nimport "fmt"\n\nfunc A() {\n\tfmt.Println()\n}\n^',
            'package a\n\nimport "fmt"\n\nfunc B() {\n\tfmt.Println(1)\n}',
            'package a\n\nimport "fmt"\n\nfunc A() {\n\tfmt.Println()\n}\n\n'
            "func B() {\n\tfmt.Println(1)\n}\n",
        ),
        # an import is what was asked for
        ("python", "import os\n^\nx = 1\n", "import os\nimport json",
         "import os\nimport json\nx = 1\n"),
        ("go", 'package a\n\nimport (\n\t"os"\n^\n)\n', 'import (\n\t"os"\n\t"fmt"\n)',
         'package a\n\nimport (\n\t"os"\n\t"fmt"\n)\n'),
        ("python", "^", "import json\n\n\ndef f():\n    return json",
         "import json\n\n\ndef f():\n    return json\n"),
        ("html", '<head>\n  <link href="a">\n^\n</head>\n', '<link href="b">',
         '<head>\n  <link href="a">\n  <link href="b">\n</head>\n'),
    ],
)  # fmt: skip
async def test_imports_of_the_answer_go_to_those_of_the_file(language, text, answer, after):
    assert await inserted(text, f"```\n{answer}\n```", "a", language) == after


@pytest.mark.parametrize(
    ("text", "answer", "wanted"),
    [
        ("# A\n\ntext\n^\n# B\n", "More.", "\nMore.\n"),
        ("text\n^", "More.", "\nMore.\n"),
        ("- a\n^\n\nText\n", "- b", "- b"),
        ("- a\n^\nText\n", "- b", "- b\n"),
        ("| a |\n| - |\n^\n\nText\n", "| b |", "| b |"),
        ("```sh\nls\n^\n```\n", "pwd", "pwd"),
    ],
)
async def test_a_paragraph_is_parted_from_those_around(text, answer, wanted):
    after = await inserted(text, f"````markdown\n{answer}\n````", "a.md", "markdown")
    assert after == text.replace("^", wanted)


@pytest.mark.parametrize(("name", "language"), [("a.html", "html"), ("a.vue", "vue")])
async def test_an_element_stands_in_the_one_around(name, language):
    text = "<ul>\n  <li>a</li>\n^\n</ul>\n"
    after = await inserted(text, "```html\n<li>b</li>\n```", name, language)
    assert after == text.replace("^", "  <li>b</li>")


async def test_code_that_an_answer_leaves_out_is_asked_for():
    text, span = cursor("def f():\n    pass\n^")
    gap = "def g():\n    # ... rest of the code\n    return 1"
    edited = Edited(fenced(gap), fenced("def g():\n    return 1"), text=text)
    assert "def g" in edited.after(await edited.refactor(span, "add g"))
    assert "It leaves text out" in edited.prompts[1]


async def test_the_question_shows_what_stands_around_and_marks_the_place():
    text, span = cursor(SOURCE.replace("\n    def put", "^\n    def put"))
    edited = Edited(fenced(HAS), text=text)
    await edited.refactor(span, "add has")
    prompt = edited.prompts[-1]
    assert prompt.index("def get") < prompt.index("    # <HERE>\n") < prompt.index("def put")
    assert "add has" in prompt
    assert edited.session.journal.records[-1].reason.startswith("insert: think")


async def test_code_that_breaks_its_place_is_refused():
    text, span = cursor("def f():\n^\n    return 1\n")
    edited = Edited(fenced("if ("), fenced("if ("), text=text)
    outcome = await edited.refactor(span, "add it")
    assert outcome.change is None
    assert outcome.markdown.startswith("It does not parse")


async def test_an_answer_that_only_repeats_adds_nothing():
    text, span = cursor("def f():\n    a = 1\n^\n    return a\n")
    edited = Edited(fenced("    return a"), text=text)
    assert (await edited.refactor(span, "x")).markdown.startswith("The model would add nothing.")


@given(
    st.lists(st.sampled_from(["", "a", "  b:", "}", "    c {"]), max_size=8),
    st.lists(st.sampled_from(["x", "def f():", "  y"]), min_size=1, max_size=3),
    st.sampled_from([None, PYTHON, RUST]),
    st.data(),
)
def test_only_blank_lines_change_around_what_is_inserted(rows, code, language, data):
    lines = split("".join(f"{row}\n" for row in rows))
    blanks = [at for at, row in enumerate(rows) if not row]
    line = data.draw(st.sampled_from([*blanks, len(lines)]))
    assert not margin_at(lines, line, language).strip()
    after = applied(
        lines, [insertion(lines, line, code, "\n", blanks_around_code(lines, line, code, language))]
    )
    kept = [row.rstrip("\n") for row in after if row.strip()]
    filled = [row for row in rows[:line] if row] + code + [row for row in rows[line:] if row]
    assert kept == filled


async def test_a_scalar_is_inserted_with_its_key():
    text = "jobs:\n  a:\n    steps:\n      - uses: x\n^\n      - run: make\n"
    answer = "```yaml\n- name: Test\n  run: |\n    make test\n```"
    after = await inserted(text, answer, "a.yml", "yaml")
    step = "      - name: Test\n        run: |\n          make test"
    assert after == text.replace("^", step)


async def test_lines_in_strings_do_not_say_how_a_file_is_indented():
    text = 'Q = """\n<a>\n  <b>\n    <c>\n      <d>\n"""\n\n\ndef f(a):\n^\n    return a\n'
    answer = "if a:\n    a = 1"
    after = await inserted(text, fenced(answer))
    assert after == text.replace("^", "    if a:\n        a = 1")
