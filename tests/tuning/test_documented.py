"""Documented functions as questions, and their documentation as the truth."""

from __future__ import annotations

import pytest

from leanwide.syntax import language_for, parse, split
from leanwide.tuning.documented import documented, question_about
from leanwide.tuning.holes import SourceFile

PYTHON = '''\
class Store:
    def load(self, path, strict=True):
        """Read the settings file.

        Strict ones must be there.
        """
        text = path.read_text()
        return parse(text)

    def forget(self):
        """Drop it."""
        self.known.clear()
        self.order.clear()

    def undocumented(self):
        self.known.clear()
        self.order.clear()
'''
PYTHON = PYTHON.replace("Drop it.", "Drop everything that is known.")
JAVASCRIPT = """\
/**
 * Greets a person by name,
 * on the console.
 */
function greet(name) {
  const text = `hello ${name}`;
  console.log(text, "again");
}
"""
RUST = """\
/// Adds what is known of two shards.
fn merge(one: Shard, other: Shard) -> Shard {
    let mut all = one;
    all.extend(other);
    all
}
"""


def of(name, text):
    language = language_for("", name)
    assert language is not None
    tree = parse(language, split(text))
    return list(documented(SourceFile(f"/code/{name}", f"file:///code/{name}", tree)))


@pytest.mark.parametrize(
    ("name", "text", "truths"),
    [
        ("store.py", PYTHON, {"Read the settings file.", "Drop everything that is known."}),
        ("greet.js", JAVASCRIPT, {"Greets a person by name, on the console."}),
        ("merge.rs", RUST, {"Adds what is known of two shards."}),
    ],
)
def test_the_first_paragraph_is_the_truth_and_is_not_shown(name, text, truths):
    found = of(name, text)
    assert {hole.truth for hole in found} == truths
    for hole in found:
        question = question_about(hole)
        assert hole.truth not in question
        assert "def " in question or "{" in question


def test_a_function_stands_at_the_margin_with_its_head_and_body():
    (load,) = [hole for hole in of("store.py", PYTHON) if "load" in hole.view.lines[0]]
    assert load.view.lines[0] == (
        "def load(self, path, strict=True):\n    text = path.read_text()\n    return parse(text)"
    )


def test_a_text_read_again_gives_the_same_functions_in_the_same_order():
    assert of("store.py", PYTHON) == of("store.py", PYTHON)


@pytest.mark.parametrize("text", ["", "x = 1\n", 'def f():\n    """Too little code."""\n'])
def test_a_file_without_documented_functions_gives_none(text):
    assert of("store.py", text) == []
