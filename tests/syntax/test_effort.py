"""What takes too long to read is given up; what does not is read as ever."""

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
    place,
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
    place(tree, at)
    for one in enclosing(tree, at)[-1:]:
        list(earlier_siblings(tree, one))
    references(tree, Span(tree.clamp((line - 20, 0)), tree.clamp((line + 20, 0))), near=at)
    imports(tree, line)
    definitions(tree)
    definitions_from(tree, line, line + 1)
    documentation_start(tree, min(line, len(tree.lines) - 1))
    literal_lines(tree, range(min(20, len(tree.lines))))
    error_count(tree)
    focused(tree, line)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.language)
def test_a_text_read_in_pieces_reads_as_one_read_whole(sample: Sample) -> None:
    """Pieces end anywhere, also within a character."""
    text = sample.text.replace("‸", " é€𝄞 ") * 40
    tree = parse(language(sample.language), split(text))
    whole = tree_sitter.Parser(tree.language.grammar()).parse(text.encode())
    assert not tree.given_up
    assert str(tree.root) == str(whole.root_node)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda one: one.language)
def test_what_is_around_a_place_is_what_parents_say(sample: Sample) -> None:
    tree = parse(language(sample.language), split(sample.text.replace("‸", "")))
    for line, text in enumerate(tree.lines):
        for column in range(len(text)):
            node: tree_sitter.Node | None = tree.node_at(Position(line, column))
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


@pytest.mark.parametrize(("name", "text"), DEEP, ids=[f"{one} {text[:5]!r}" for one, text in DEEP])
def test_a_deep_text_is_asked_without_an_error(name: str, text: str) -> None:
    tree = parse(language(name), split(text))
    for line in (0, len(tree.lines) // 2, len(tree.lines)):
        ask_everything(tree, line)


def test_what_is_too_deep_says_nothing() -> None:
    """The first operand is the deepest."""
    lines = ["a +\n"] * 1_500 + ["a\n"]
    tree = parse(language("javascript"), lines)
    assert not tree.given_up
    assert 500 < len(tree.around(Position(1_000, 0))) < 1_000
    assert tree.around(Position(0, 0)) == ()
    assert tree.edited((), ["b +\n", *lines]).given_up
    assert not tree.edited((), [*lines, "b\n"]).given_up


@pytest.mark.parametrize(
    ("name", "text"), [("json", "[\n" * 50_000), ("javascript", "/*\n" * 60_000)]
)
def test_a_text_that_takes_too_long_is_given_up(name: str, text: str) -> None:
    tree = parse(language(name), split(text))
    assert tree.given_up
    assert "".join(tree.lines) == text
    assert error_count(tree) == 0
    assert enclosing(tree, (100, 1)) == ()
    assert tree.edited((), ["1\n"]).given_up  # until it is parsed anew
    assert not parse(language(name), ["1\n"]).given_up


YAML = [
    "- " * 950,
    "? " * 400,
    "- a: " * 300,
    "".join(f"{' ' * at}a:\n{' ' * at}-\n" for at in range(200)),
]


@pytest.mark.parametrize("text", YAML, ids=lambda one: repr(one[:6]))
def test_yaml_that_is_deeper_than_its_scanner_allows_does_not_end_the_process(text: str) -> None:
    for source in (text, f"{text}\n" * 5, "a: 1\n" * 500 + text):
        assert parse(language("yaml"), split(source)).given_up
    tree = parse(language("yaml"), ["a: 1\n"])
    assert tree.edited((), ["a: 1\n", *split(text)]).given_up


def test_yaml_of_any_usual_depth_is_read() -> None:
    lines = [f"{' ' * (2 * depth)}key:\n" for depth in range(45)]
    assert not parse(language("yaml"), lines).given_up


def test_reading_leaves_nothing_behind() -> None:
    """The binding keeps what it has read from: that must not be a text each time."""
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


def test_every_piece_of_an_answer_is_looked_at_in_no_more_than_its_length() -> None:
    """What stands before is read once, however deep it is."""
    before, after = "(" * 4_000 + "\n", ""
    for end in range(1, 400):
        completed_length(language("python"), before, "x, " * end, after)


def test_there_are_hostile_texts_in_every_language() -> None:
    names = {language(one.language).name for one in hostile()}
    assert names == {language(sample.language).name for sample in SAMPLES}
    assert all(one.text(5_000) for one in hostile())
