"""Parsing that takes too long is given up; everything else parses as usual."""

from __future__ import annotations

import gc
import tracemalloc

import pytest
import tree_sitter

from leanwide.syntax import (
    Language,
    Position,
    Span,
    SyntaxTree,
    completed_length,
    completion_shape,
    definitions,
    definitions_from,
    documentation_start,
    earlier_siblings,
    enclosing,
    error_count,
    focused,
    imports,
    language_for,
    literal_lines,
    parse,
    references,
    split,
)
from tests.syntax.hostile import hostile
from tests.syntax.samples import SAMPLES, Sample


def language(name: str) -> Language:
    found = language_for(name)
    assert found is not None
    return found


def ask_everything(tree: SyntaxTree, line: int) -> None:
    at = tree.clamp((line, 10_000))
    completion_shape(tree, at)
    for definition in enclosing(tree, at)[-1:]:
        list(earlier_siblings(tree, definition))
    references(tree, Span(tree.clamp((line - 20, 0)), tree.clamp((line + 20, 0))), near=at)
    imports(tree, line)
    definitions(tree)
    definitions_from(tree, line, line + 1)
    documentation_start(tree, min(line, len(tree.lines) - 1))
    literal_lines(tree, range(min(20, len(tree.lines))))
    error_count(tree)
    focused(tree, line)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.language)
def test_a_text_parsed_in_pieces_has_the_tree_of_one_parsed_whole(sample: Sample) -> None:
    """Pieces end anywhere, also within a character."""
    text = sample.text.replace("‸", " é€𝄞 ") * 40
    tree = parse(language(sample.language), split(text))
    whole = tree_sitter.Parser(tree.language.grammar()).parse(text.encode())
    assert not tree.given_up
    assert str(tree.root) == str(whole.root_node)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.language)
def test_the_nodes_around_a_position_are_the_chain_of_parents(sample: Sample) -> None:
    tree = parse(language(sample.language), split(sample.text.replace("‸", "")))
    for line, text in enumerate(tree.lines):
        for column in range(len(text)):
            point = tree.point(Position(line, column))
            node = tree.root.descendant_for_point_range(point, point)
            if node and node.start_byte == node.end_byte:
                continue
            climbed = []
            while node:
                climbed.append(node)
                node = node.parent
            assert list(tree.around(Position(line, column))) == climbed


DEEP = [
    ("json", "[\n" * 20_000 + "]\n" * 20_000),
    ("cpp", "a<\n" * 3_000),
    ("python", "f(\n" * 5_000 + ")\n" * 5_000),
    ("html", "<a>\n" * 20_000),
    ("lua", "'" * 20_000 + "\n"),
    ("c", "int " + "(" * 3_000 + "a" + ")" * 3_000 + "() {}\n"),
    ("python", "def f():\n"),
]


@pytest.mark.parametrize(
    ("name", "text"), DEEP, ids=[f"{name} {text[:5]!r}" for name, text in DEEP]
)
def test_queries_of_a_deeply_nested_text_raise_no_error(name: str, text: str) -> None:
    tree = parse(language(name), split(text))
    for line in (0, len(tree.lines) // 2, len(tree.lines)):
        ask_everything(tree, line)


def test_a_position_that_is_nested_too_deeply_has_no_nodes() -> None:
    """The first operand is the deepest."""
    lines = ["a +\n"] * 1_500 + ["a\n"]
    tree = parse(language("javascript"), lines)
    assert not tree.given_up
    assert 500 < len(tree.around(Position(1_000, 0))) < 1_000
    assert tree.around(Position(0, 0)) == ()
    assert tree.edited(["b +\n", *lines]).given_up
    assert not tree.edited([*lines, "b\n"]).given_up


@pytest.mark.parametrize(
    ("name", "text"), [("json", "[\n" * 50_000), ("javascript", "/*\n" * 60_000)]
)
def test_a_text_that_takes_too_long_is_given_up(name: str, text: str) -> None:
    tree = parse(language(name), split(text))
    assert tree.given_up
    assert "".join(tree.lines) == text
    assert error_count(tree) == 0
    assert enclosing(tree, (100, 1)) == ()
    assert tree.edited(["1\n"]).given_up  # until it is parsed from scratch
    assert not parse(language(name), ["1\n"]).given_up


YAML = [
    "- " * 950,
    "? " * 400,
    "- a: " * 300,
    "".join(f"{' ' * at}a:\n{' ' * at}-\n" for at in range(200)),
]


@pytest.mark.parametrize("text", YAML, ids=lambda text: repr(text[:6]))
def test_yaml_deeper_than_its_scanner_allows_does_not_crash_the_process(text: str) -> None:
    for source in (text, f"{text}\n" * 5, "a: 1\n" * 500 + text):
        assert parse(language("yaml"), split(source)).given_up
    tree = parse(language("yaml"), ["a: 1\n"])
    assert tree.edited(["a: 1\n", *split(text)]).given_up


def test_yaml_of_usual_depth_is_parsed() -> None:
    lines = [f"{' ' * (2 * depth)}key:\n" for depth in range(45)]
    assert not parse(language("yaml"), lines).given_up


def test_parsing_leaks_no_memory() -> None:
    """The binding keeps the buffers that it has read from: they must not be a text each time."""
    lines = split("value = [1, 2, 3]\n" * 2_000)
    python = language("python")
    parse(python, lines)
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for _ in range(20):
        parse(python, lines)
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert after - before < 100_000


def test_checking_each_piece_of_an_answer_does_not_scan_the_text_before_again() -> None:
    """The text before is scanned once, however deeply nested."""
    before, after = "(" * 4_000 + "\n", ""
    for end in range(1, 400):
        completed_length(language("python"), before, "x, " * end, after)


def test_every_language_has_hostile_texts() -> None:
    names = {language(pattern.language).name for pattern in hostile()}
    assert names == {language(sample.language).name for sample in SAMPLES}
    assert all(pattern.text(5_000) for pattern in hostile())
