"""Holes: the text that is taken out of a file, and the text that stays."""

from __future__ import annotations

import pytest

from leanwide.context.view import with_lf
from leanwide.syntax import language_for, parse, split
from leanwide.tuning.holes import SourceFile, holes, round_robin
from leanwide.tuning.similarity import edit_similarity

PYTHON = '''\
"""A module."""

import json

# A comment of its own.


def load(path, strict=True):
    """Read the settings file."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)
'''

JAVASCRIPT = """\
// A comment.
function greet(name) {
  const text = `hello ${name}`;
  console.log(text, "again");
}
"""

TEXTS = {"settings.py": PYTHON, "greet.js": JAVASCRIPT, "crlf.py": PYTHON.replace("\n", "\r\n")}


def of(name, text=None):
    text = TEXTS[name] if text is None else text
    language = language_for("", name)
    assert language is not None
    tree = parse(language, split(text))
    return list(holes(SourceFile(f"/code/{name}", f"file:///code/{name}", tree)))


def truths(found, kind):
    return {hole.truth for hole in found if hole.kind == kind}


@pytest.mark.parametrize("name", TEXTS)
def test_a_hole_filled_with_its_truth_is_the_file_again(name):
    found = of(name)
    assert {hole.kind for hole in found} == {"line", "arguments", "block"}
    for hole in found:
        whole = "".join(hole.view.with_inserted(hole.truth).lines)
        assert with_lf(whole) == with_lf(TEXTS[name])
        assert hole.truth not in "".join(hole.view.lines[hole.view.line])


def test_lines_are_code_and_begin_behind_their_indentation():
    assert truths(of("settings.py"), "line") == {
        "import json",
        "def load(path, strict=True):",
        'with open(path, encoding="utf-8") as file:',
        "return json.load(file)",
    }


def test_arguments_are_those_of_calls():
    assert truths(of("settings.py"), "arguments") == {'path, encoding="utf-8"', "file"}
    assert truths(of("greet.js"), "arguments") == {'text, "again"'}


def test_a_block_is_a_body_without_its_documentation_or_its_closing_bracket():
    (body,) = truths(of("settings.py"), "block")
    assert body.startswith("with open(")
    assert body.endswith("return json.load(file)")
    (body,) = truths(of("greet.js"), "block")
    assert body.endswith('console.log(text, "again");')


def test_the_same_file_gives_the_same_holes_in_the_same_order():
    assert [hole.id for hole in of("settings.py")] == [hole.id for hole in of("settings.py")]


@pytest.mark.parametrize("text", ["", "\n\n", "# nothing\n", "x\n", "}}}} ((((\n" * 3])
def test_a_text_without_code_has_no_holes(text):
    assert of("settings.py", text) == []


def test_files_take_turns():
    first, second = of("settings.py"), of("greet.js")
    taken = round_robin([iter(first), iter(second)], 5)
    assert taken == (first[0], second[0], first[1], second[1], first[2])


def test_edit_similarity_counts_the_fewest_edits():
    assert edit_similarity("kitten", "sitting") == pytest.approx(1 - 3 / 7)
    assert edit_similarity("", "") == 1.0
    assert edit_similarity("", "abc") == 0.0
