"""Code written on a blank line, with a scripted engine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.postprocess.insertion import insertion, margin_at
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
    after = applied(lines, [insertion(lines, line, code, "\n", language)])
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
