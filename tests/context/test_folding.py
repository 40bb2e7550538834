"""A passage and its surroundings, fitted into a number of tokens."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leanwide.context.folding import Folded, fold, texts_to_count
from leanwide.context.passage import Passage
from leanwide.context.surroundings import helpful_runs, run_lines, surroundings
from leanwide.context.view import View, split_lines
from leanwide.syntax import SyntaxTree, language_for, parse

SOURCE = '''\
import json
import os


class Store:
    """Settings."""

    def get(self, name):
        found = json.loads(self.text)
        return found[name]

    def set(self, name, value):
        for number in range(10):
            print(number)
        return value
'''
WHOLE = Passage(first=4, last=15)
BRACES = "function f(a) {\n  return a;\n}\nfunction g(b) {\n  b();\n  b();\n  b();\n}\n"


def count(text: str) -> int:
    """Count four bytes, rounded up, as a token."""
    return -(-len(text.encode()) // 4)


def opened(text: str = SOURCE, language: str = "python") -> tuple[View, SyntaxTree | None]:
    lines = tuple(split_lines(text))
    view = View(
        uri="file:///a", path="/a", language_id=language, version=1, lines=lines, line=0, column=0
    )
    known = language_for(language)
    return view, parse(known, lines) if known is not None else None


def folded(
    room: int, passage: Passage = WHOLE, text: str = SOURCE, language: str = "python"
) -> Folded:
    view, tree = opened(text, language)
    return fold(view, passage, tree, room, count)


def test_a_passage_that_fits_is_whole():
    rows = frozenset(range(WHOLE.first, WHOLE.last))
    assert folded(1000) == Folded(SOURCE[SOURCE.index("class") :], whole=True, rows=rows)


def test_bodies_are_folded_before_lines_are_cut():
    short = folded(50)
    assert not short.whole
    assert short.text == (
        "class Store:\n"
        "    ...\n"
        "    def get(self, name):\n"
        "        found = json.loads(self.text)\n"
        "        return found[name]\n"
        "\n"
        "    def set(self, name, value):\n"
        "        ...\n"
    )


def test_a_language_with_braces_marks_the_fold_with_a_comment():
    view_text = folded(17, Passage(first=0, last=8), BRACES, "javascript").text
    assert "  // ...\n" in view_text
    assert "function g(b) {" in view_text


def test_without_a_grammar_the_first_lines_are_kept():
    text = "".join(f"line {number}\n" for number in range(50))
    short = folded(20, Passage(first=0, last=50), text, "nothing-known")
    assert short.text.startswith("line 0\nline 1\n")
    assert short.text.endswith("...\n")


def test_a_line_of_data_is_cut():
    short = folded(2000, Passage(first=0, last=1), f"x = '{'a' * 3000}'\n")
    assert not short.whole
    assert len(short.text) < 600


@given(
    st.integers(0, 120), st.integers(0, 14), st.integers(1, 15), st.sampled_from(["python", "x"])
)
def test_a_folded_passage_never_exceeds_its_tokens(
    room: int, first: int, length: int, language: str
):
    passage = Passage(first=first, last=min(first + length, 15))
    short = folded(room, passage, SOURCE, language)
    assert sum(map(count, short.text.splitlines(keepends=True))) <= room
    kept = [line for line in short.text.splitlines(keepends=True) if line.strip() != "..."]
    lines = iter(SOURCE.splitlines(keepends=True))
    assert all(line in lines for line in kept), "in the order of the file"


def test_ten_thousand_lines_are_folded():
    text = "".join(f"def f{number}(x):\n    return x\n\n" for number in range(3500))
    passage = Passage(first=0, last=text.count("\n"))
    short = folded(400, passage, text)
    assert not short.whole
    assert short.text.startswith("def f0(x):\n    ...\n")
    assert count(short.text) <= 400


def test_all_texts_that_are_counted_are_announced():
    view, tree = opened()
    announced = set(texts_to_count(view, WHOLE, tree))
    counted: set[str] = set()

    def note(text: str) -> int:
        counted.add(text)
        return count(text)

    fold(view, WHOLE, tree, 30, note)
    assert counted - announced <= {"...\n"}


# Surroundings


def around(passage: Passage, room: int = 1000) -> str:
    view, tree = opened()
    return surroundings(view, helpful_runs(passage, tree), room, count)


def test_surroundings_are_heads_and_used_imports():
    assert around(Passage(first=7, last=10)) == "import json\nclass Store:\n"
    assert around(Passage(first=8, last=9)) == (
        "import json\nclass Store:\n    def get(self, name):\n"
    )
    assert around(Passage(first=11, last=15)) == "class Store:\n"
    assert around(WHOLE) == "import json\n"
    assert around(Passage(first=0, last=15)) == ""


def test_with_few_tokens_heads_come_before_imports():
    assert around(Passage(first=7, last=10), room=4) == "class Store:\n"
    assert around(Passage(first=7, last=10), room=0) == ""


def test_without_a_grammar_there_are_no_surroundings():
    view, tree = opened("a\nb\n", "nothing-known")
    assert helpful_runs(Passage(first=1, last=2), tree) == ()
    assert run_lines(view, ()) == ()
