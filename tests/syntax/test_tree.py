"""Trees follow edits at every position, with every kind of character and line ending."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from leanwide.syntax import (
    Edit,
    Language,
    Position,
    Span,
    SyntaxTree,
    completion_shape,
    definitions,
    earlier_siblings,
    enclosing,
    error_count,
    focused,
    imports,
    in_comment,
    in_string,
    language_for,
    languages,
    parse,
    references,
    split,
)
from leanwide.syntax.statement import statement_start
from leanwide_bench.replay.traces.long_file import long_file
from tests.syntax.marked import tree_of

PIECES = (
    "def f(x):",
    "class A:",
    "    ", "\t", "\n", "\r\n", "\r", "x = 1", "y", "(", ")", "[", "]", "{",
    "}", '"', "'", '"""', "# é",
    "日本", "👩‍👩‍👧", "e\u0301", "\ufeff", "\u2028", "\x0c", "\ud800", "\0",
    "return x", ",", ":", ";", "if a:", "else:", "/*", "*/", "//", "`", "${", "<a>", "</a>", "- b",
    "key: |", "fn f() {", "'a", "end", "do", "[t]", "# T", "```", "\\", "@x",
)  # fmt: skip
texts = st.lists(st.sampled_from(PIECES), max_size=30).map("".join)
valid = st.lists(
    st.sampled_from(
        (
            "def f(x):\n    return 'é👩‍👩‍👧' + x\n", "class A:\r\n\tdef m(self):\r\n\t\tpass\r\n",
            "x = [\n    1,  # 日本\n    e\u0301,\n]\n", "\n",
            "if x:\r    y = '''a\r\nb'''\r", "z = 1\n",
        )
    ),
    min_size=1, max_size=12,
)  # fmt: skip
places = st.tuples(st.integers(0, 40), st.integers(0, 40))


def _spelled(tree: SyntaxTree) -> tuple[str, object, object]:
    """Return all nodes, and where the definitions are."""
    return str(tree.root), tree.root.end_point, [found.span for found in definitions(tree)]


def _answers(tree: SyntaxTree, at: Position) -> tuple[object, ...]:
    """Return what completion asks about a position."""
    kind = in_comment(tree, at), in_string(tree, at)
    return completion_shape(tree, at), statement_start(tree, at), *kind


def _apply(lines: list[str], edit: Edit) -> list[str]:
    """Return the text after an edit, computed on one string."""
    text = "".join(lines)
    start, end = _offset(lines, edit.start), _offset(lines, edit.end)
    return split(text[:start] + edit.text + text[end:])


def _offset(lines: list[str], position: Position) -> int:
    return sum(map(len, lines[: position.line])) + position.column


@settings(deadline=None, max_examples=120)
@given(valid, st.data())
def test_an_edited_tree_is_the_tree_of_the_edited_text(
    blocks: list[str], data: st.DataObject
) -> None:
    """Blocks are replaced whole, so that the text stays free of errors."""
    tree = tree_of("python", "".join(blocks))
    for _ in range(3):
        number = data.draw(st.integers(0, len(blocks) - 1))
        new = data.draw(valid)
        blocks[number : number + 1] = new
        lines = split("".join(blocks))
        tree = tree.edited(lines)
        assert tree.lines == tuple(lines)
        assert _spelled(tree) == _spelled(parse(tree.language, lines))


@settings(deadline=None, max_examples=150)
@given(texts, st.lists(st.tuples(places, places, texts), min_size=1, max_size=4))
def test_any_edit(text: str, changes: list[tuple[tuple[int, int], tuple[int, int], str]]) -> None:
    """Lines and the end are right; where the text has no errors, so is every node.

    The last edit is far from the others, so that no bracket is taken as closed any more.
    """
    above = ["\n"] * 3
    tree = tree_of("python", "".join(above) + text)
    lines = list(tree.lines)
    for first, last, new in changes:
        below = parse(tree.language, lines[3:])
        start, end = sorted((below.clamp(first), below.clamp(last)))
        lines = [*above, *_apply(list(below.lines), Edit(start, end, new))]
        tree = tree.edited(lines)
        assert tree.lines == tuple(lines)
    found = tree.edited(["#\n", *lines[1:]])
    whole = parse(tree.language, found.lines)
    assert found.root.end_point == whole.root.end_point
    if error_count(whole) == 0:
        assert _spelled(found) == _spelled(whole)


@settings(deadline=None, max_examples=100)
@given(texts, places, places, texts)
def test_a_moved_tree_can_be_brought_up_to_date(
    text: str, first: tuple[int, int], last: tuple[int, int], new: str
) -> None:
    tree = tree_of("python", text)
    start, end = sorted((tree.clamp(first), tree.clamp(last)))
    lines = _apply(list(tree.lines), Edit(start, end, new))
    moved = tree.moved(lines, most=100)
    assert moved is not None
    assert moved.lines == tuple(lines)
    found, whole = moved.edited(lines), parse(tree.language, lines)
    if error_count(whole) == 0:
        assert _spelled(found) == _spelled(whole)


def test_a_moved_tree_has_the_new_lines_of_definitions() -> None:
    tree = tree_of("python", "x = 1\n\n\ndef f():\n    return x\n\n\nclass C:\n    pass\n")
    lines = split("x = 1\ny = (\n\n\ndef f():\n    return x\n\n\nclass C:\n    pass\n")
    moved = tree.moved(lines, most=3)
    assert moved is not None
    assert [(found.name, found.start.line) for found in definitions(moved)] == [("f", 4), ("C", 8)]
    assert tree.moved([*lines, "1\n", "2\n", "3\n", "4\n"], most=3) is None


@settings(deadline=None, max_examples=200)
@given(st.sampled_from(languages()), texts, places, texts)
def test_nothing_raises(language: Language, text: str, at: tuple[int, int], more: str) -> None:
    """Whatever the text, the position and the language are."""
    lines = split(text)
    parsed = parse(language, lines)
    place = parsed.clamp(at)
    for tree in (parsed, parsed.edited(_apply(lines, Edit(place, place, more)))):
        position = tree.clamp(at)
        _answers(tree, position)
        assert statement_start(tree, at) <= position
        for definition in (*enclosing(tree, at), *definitions(tree)):
            assert definition.start <= definition.signature_end <= definition.end
            list(earlier_siblings(tree, definition))
        imports(tree)
        references(tree, Span(Position(0, 0), position))


def test_positions_are_code_points() -> None:
    tree = tree_of("python", "日本 = '👩‍👩‍👧'; x = e\u0301\rdef f(): pass\r\n")
    names = [tree.text(tree.span_of(node)) for node in tree.root.named_children]
    assert names == ["日本 = '👩‍👩‍👧'", "x = e\u0301", "def f(): pass"]
    assert definitions(tree)[0].start == Position(1, 0)


def test_an_edit_does_not_change_the_old_tree() -> None:
    tree = tree_of("python", "def f(): pass\n")
    spelled = _spelled(tree)
    edited = tree.edited(split("x = 1\ndef f(): pass\n"))
    assert _spelled(tree) == spelled != _spelled(edited)


REST = "\nclass B:\n    def g(self):\n        return 1\n"
TYPED = [
    ("python", "def f():\n    x = ", "foo(a, 'b"),
    ("python", "def f():\n    ", '"""Do.\n\n    It'),
    ("python", "def f():\n    x = ", "foo(\n        [a,\n         b"),
    ("python", "def f():\n    x = ", "{1: (2,"),
    ("typescript", "function f() ", "{\n  if (x) {\n    y("),
    ("typescript", "const x = ", "`a ${b"),
    ("c", "int f(void)\n", "{\n  /* a"),
]  # fmt: skip


@pytest.mark.parametrize(("language", "before", "typed"), TYPED)
def test_brackets_just_opened_count_as_closed(language: str, before: str, typed: str) -> None:
    """The text below keeps its meaning while an opening bracket or quote has no partner yet."""
    after = REST if language == "python" else "\nclass B { g() { return 1; } }\n"
    after = after if language != "c" else "\nint g(void) { return 1; }\n"
    tree = tree_of(language, before + after)
    later = definitions(tree_of(language, after))[-1]
    text = before
    for letter in typed:
        text += letter
        tree = tree.edited(split(text + after))
        found = definitions(tree)[-1]
        assert found.name == later.name
        assert found.end.line - text.count("\n") == later.end.line
    assert "".join(tree.lines) == text + after


def test_an_edit_somewhere_else_ends_that() -> None:
    tree = tree_of("python", "a = 1\nb = 2\nc = \n")
    typed = tree.edited(split("a = 1\nb = 2\nc = f(1\n"))
    assert error_count(typed) == 0
    elsewhere = typed.edited(split("a = 0\nb = 2\nc = f(1\n"))
    assert _spelled(elsewhere) == _spelled(parse(tree.language, elsewhere.lines))
    assert error_count(elsewhere) > 0


def test_many_edits_leak_no_memory() -> None:
    import gc  # noqa: PLC0415
    import tracemalloc  # noqa: PLC0415

    language = language_for("python")
    assert language is not None
    tree = parse(language, ["def f(x):\n", "    return x\n"] * 200)
    before = list(tree.lines)
    after = _apply(before, Edit(Position(100, 4), Position(100, 4), "y"))

    def turn() -> int:
        nonlocal tree
        for _ in range(200):
            tree = tree.edited(after).edited(before)
        gc.collect()
        return tracemalloc.get_traced_memory()[0]

    tracemalloc.start()
    try:
        turn()
        first = turn()
        # One tree kept for each of the 400 edits would be more than a megabyte; other tests'
        # leftovers come and go by kilobytes.
        assert turn() <= first + 100_000
    finally:
        tracemalloc.stop()


def test_a_focused_tree_gives_the_same_answers_about_the_line_being_typed() -> None:
    lines = split(long_file(3000))
    tree = parse(tree_of("python", "").language, lines)
    number = next(n for n, line in enumerate(lines) if n > 1500 and "def pick" in line)
    for typed in (
        "if left",
        "if left:",
        "self.log.append(",
        'name = "',
        "return (left, [",
        "# note",
    ):
        now = [*lines[: number + 1], f"        {typed}\n", *lines[number + 1 :]]
        at = Position(number + 1, 8 + len(typed))
        moved = tree.moved(now, most=3)
        assert moved is not None
        near = focused(moved, at.line)
        assert _answers(near, at) == _answers(tree.edited(now), at)
        assert not near.lines[0].strip()


@settings(deadline=None, max_examples=100)
@example(language_for("shellscript"), "", "\r\n", (1, 0))
@given(st.sampled_from(languages()), texts, texts, places)
def test_a_focused_tree_has_the_lines_near_its_position(
    language: Language, text: str, new: str, at: tuple[int, int]
) -> None:
    lines = split(new)
    moved = parse(language, split(text)).moved(lines, most=100)
    assert moved is not None
    near = focused(moved, at[0])
    _answers(near, near.clamp(at))
    line = min(at[0], len(lines) - 1)
    if lines:
        assert near.lines[line] == lines[line]
