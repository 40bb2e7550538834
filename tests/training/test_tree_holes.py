"""Holes in languages with a grammar: at line starts, where syntax ends, counted in characters."""

from __future__ import annotations

from random import Random

import pytest
from training.data import holes, tree_holes, trees

from tests.training.texts import TEXTS

KEPT = {
    "javascript": "  const kept = names.filter((name) => name);",
    "typescript": "  const kept = names.filter((name) => name);",
    "go": "\tkept := filter(names, 4)",
    "rust": "    let kept = filter(names, 4);",
    "c": "    char **kept = filter(names, 4);",
    "cpp": "    auto kept = filter(names, NULL);",
    "java": "        List<String> kept = filter(names, 4);",
    "bash": '    local kept=`filter "$1"`',
}


def found(language: str, kind: str) -> set[str]:
    path, text = TEXTS[language]
    grammar = trees.grammar(language, path)
    assert grammar is not None
    tree = trees.tree_of(text, grammar)
    assert tree is not None
    spans = holes.every(text, tree_holes.spans(tree))
    starts = set(holes.line_starts(text))
    assert {span.anchor for span in spans} <= starts
    return {text[span.anchor : span.end] for span in spans if span.kind == kind}


@pytest.mark.parametrize("language", TEXTS)
def test_a_statement_ends_with_its_semicolon(language):
    assert KEPT[language] in found(language, "statement")


@pytest.mark.parametrize("language", TEXTS)
def test_a_block_ends_before_its_closing_bracket_and_after_it(language):
    _, text = TEXTS[language]
    start = text.index(KEPT[language])
    closer = text.index("}", text.index("the last one counts"))

    blocks = found(language, "block")

    assert text[start : closer + 1] in blocks
    assert text[start:closer].rstrip() in blocks


@pytest.mark.parametrize("language", sorted(TEXTS.keys() - {"bash"}))
def test_arguments_end_before_their_bracket(language):
    assert KEPT[language].removesuffix(";").removesuffix(")") in found(language, "arguments")


def test_a_block_that_is_not_written_yet_leaves_its_closing_line_to_the_suffix():
    hole = holes.Hole("block", "if (a) {\n", "  b();", "\n}\nc();\n")

    suffixes = {holes.unwritten(hole, Random(seed)).suffix for seed in range(20)}

    assert suffixes == {"\n}", "\n\n}\nc();\n"}
