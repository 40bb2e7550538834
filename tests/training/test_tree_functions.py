"""Instruction pairs of functions in languages with a grammar."""

from __future__ import annotations

from random import Random

import pytest
from training.data import tree_functions, trees
from training.data.pairs import Pair

from tests.training.texts import TEXTS


def pairs_of(language: str) -> dict[str, Pair]:
    path, text = TEXTS[language]
    grammar = trees.grammar(language, path)
    assert grammar is not None
    tree = trees.tree_of(text, grammar)
    assert tree is not None
    definitions = tree_functions.definitions_of(tree)
    (definition,) = (d for d in definitions if d.name.lower().startswith("join"))
    return {pair.kind: pair for pair in tree_functions.pairs_of(tree, definition, Random(1))}


@pytest.mark.parametrize("language", TEXTS)
def test_a_documentation_comment_becomes_an_explanation(language):
    pair = pairs_of(language)["explain"]

    name, _, text = pair.answer.partition(": ")
    assert name in {"`joinNames`", "`join_names`"}
    assert text.lower().removeprefix("joinnames ") in {
        "joins the names into one “line”.",
        "joins the names  into one “line”.",
    }
    assert "one “line”" not in pair.request


@pytest.mark.parametrize("language", TEXTS)
def test_documentation_is_asked_for_and_comes_above_the_unchanged_code(language):
    pair = pairs_of(language)["document"]

    code = pair.request.split("\n\n", 1)[1]
    fence, *lines, end = code.split("\n")
    assert pair.answer.startswith(f"{fence}\n")
    assert pair.answer.endswith("\n".join((*lines, end)))
    assert "one “line”" in pair.answer


@pytest.mark.parametrize("language", TEXTS)
def test_a_rename_replaces_every_occurrence_and_nothing_else(language):
    pair = pairs_of(language)["rename"]

    old, new = pair.request.split("`")[1:4:2]
    before = pair.request.split("\n\n", 1)[1]
    assert old not in pair.answer.replace(f"{old}s", "").replace(f"{old}N", "")
    assert pair.answer.replace(new, old) == before


@pytest.mark.parametrize("language", TEXTS)
def test_comments_are_removed_with_their_lines(language):
    pair = pairs_of(language)["uncomment"]

    assert "the last one counts" in pair.request
    assert "the last one counts" not in pair.answer
    assert "\n\n" not in pair.answer


@pytest.mark.parametrize(
    ("language", "new"),
    [
        ("go", "separator any)"),
        ("cpp", "filter(names, nullptr);"),
        ("bash", 'local kept=$(filter "$1")'),
        ("typescript", "names: string[]"),
    ],
)
def test_an_older_notation_becomes_a_newer_one(language, new):
    pair = pairs_of(language)["modernise"]

    assert new in pair.answer
    assert new not in pair.request


def test_types_come_back():
    pair = pairs_of("typescript")["annotate"]

    assert "joinNames(names, separator) {" in pair.request
    assert "separator: string): string {" in pair.answer
