"""Which snippets of other files are chosen for the front of the window."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.context.recent_edits import EditedPlace, remember_edit
from leanwide.context.related import MAX_SNIPPETS, Candidates, Limits, choose, names_near
from leanwide.context.snippet import MAX_LINES, Snippet, clipped, lines_around
from leanwide.syntax import language_for, parse
from tests.marked import view_of


def words(text: str) -> int:
    return len(text.split())


def limits(
    path: str = "main.py",
    near: tuple[str, ...] = (),
    budget: int = 1_000,
    allowed: Callable[[str], bool] = lambda _: True,
) -> Limits:
    return Limits(path=path, around=near, budget=budget, count=words, allowed=allowed)


def snippet(name: str, path: str = "", line: int = 0) -> Snippet:
    return Snippet(path or f"{name}.py", f"def {name}(of_{name}, to_{name}):\n", line)


ONE, TWO, THREE, FOUR, FIVE = map(snippet, ("one", "two", "three", "four", "five"))
EDIT = EditedPlace("edited.py", 3, "total = price * amount\n")
TESTS = Snippet("test_main.py", "def test_it():\ndef test_more():\n")


@pytest.mark.parametrize(
    ("candidates", "given_limits", "paths"),
    [
        (Candidates(), {}, []),
        (Candidates((TWO, ONE)), {}, ["one.py", "two.py"]),
        (Candidates((ONE,), (EDIT,), (TESTS,)), {}, ["edited.py", "one.py", "test_main.py"]),
        (
            Candidates((FIVE, FOUR, THREE, TWO, ONE)),
            {},
            ["five.py", "four.py", "three.py", "two.py"],
        ),
        (Candidates((ONE, TWO)), {"budget": 8}, ["one.py"]),
        (Candidates((ONE, TWO)), {"budget": 3}, []),
        (Candidates((ONE, TWO)), {"path": "one.py"}, ["two.py"]),
        (Candidates((ONE, TWO)), {"allowed": lambda path: path != "two.py"}, ["one.py"]),
        (Candidates((ONE, TWO)), {"near": ("x = 1\n", ONE.text)}, ["two.py"]),
        (Candidates((ONE, snippet("one", "copy.py"))), {}, ["one.py"]),
        (Candidates((Snippet("empty.py", ""),)), {}, []),
    ],
)
def test_a_few_different_snippets_are_chosen_in_the_order_of_files(
    candidates: Candidates, given_limits: dict[str, Any], paths: list[str]
):
    chosen = choose(candidates, (), limits(**given_limits))
    assert [snippet.path for snippet in chosen] == paths


def test_snippets_of_one_file_keep_its_order():
    late, early = snippet("late", "a.py", 9), snippet("early", "a.py", 1)
    assert choose(Candidates((late, early)), (), limits()) == (early, late)


@pytest.mark.parametrize(
    ("previous", "candidates"),
    [
        ((ONE, TWO), Candidates((TWO, THREE, ONE))),
        ((ONE, TWO, THREE), Candidates((TWO, THREE, FOUR))),
        ((ONE,), Candidates()),
        ((ONE,), Candidates((), (EDIT,))),
    ],
)
def test_a_choice_stays_while_no_other_is_clearly_better(
    previous: tuple[Snippet, ...], candidates: Candidates
):
    assert choose(candidates, previous, limits()) == previous


@pytest.mark.parametrize(
    ("previous", "candidates"),
    [
        ((ONE,), Candidates((ONE, TWO))),
        ((ONE, TWO), Candidates((THREE, FOUR))),
        ((), Candidates((ONE,))),
    ],
)
def test_a_clearly_better_choice_replaces_the_previous_one(
    previous: tuple[Snippet, ...], candidates: Candidates
):
    chosen = choose(candidates, previous, limits())
    assert chosen == choose(candidates, (), limits()) != previous


@pytest.mark.parametrize(
    "given_limits",
    [
        {"budget": 5},
        {"path": "one.py"},
        {"allowed": lambda path: path != "one.py"},
        {"near": (ONE.text,)},
    ],
)
def test_a_choice_is_dropped_when_it_exceeds_a_limit(given_limits: dict[str, Any]):
    assert choose(Candidates(), (ONE, TWO), limits(**given_limits)) == ()


def test_a_snippet_that_moved_in_its_file_is_the_same():
    moved = snippet("one", line=40)
    assert choose(Candidates((moved,)), (ONE,), limits()) == (ONE,)


LINES = st.lists(st.sampled_from(["a = b", "def f(a):", "    return a", "", "b c d"]), max_size=8)
TEXTS = LINES.map(lambda lines: "".join(line + "\n" for line in lines))
SNIPPETS = st.lists(
    st.builds(Snippet, st.sampled_from(["a.py", "b.py", "main.py"]), TEXTS, st.integers(0, 9)),
    max_size=8,
).map(tuple)
EDITS = st.lists(st.builds(EditedPlace, st.just("c.py"), st.integers(0, 9), TEXTS), max_size=4)


@given(SNIPPETS, EDITS.map(tuple), SNIPPETS, LINES, st.integers(0, 60))
def test_every_choice_is_within_the_limits(
    definitions: tuple[Snippet, ...],
    edits: tuple[EditedPlace, ...],
    previous: tuple[Snippet, ...],
    near: list[str],
    budget: int,
):
    bounds = limits(near=tuple(line + "\n" for line in near), budget=budget)
    candidates = Candidates(definitions, edits)
    chosen = choose(candidates, choose(candidates, previous, bounds), bounds)
    assert sum(words(snippet.path) + words(snippet.text) for snippet in chosen) <= budget
    assert all(snippet.path != "main.py" for snippet in chosen)
    if set(chosen) != set(previous):
        assert len(chosen) <= MAX_SNIPPETS
    at_cursor = set(re.findall(r"\w+", " ".join(near)))
    for snippet in chosen:
        own = set(re.findall(r"\w+", snippet.text))
        assert 2 * len(own & at_cursor) <= len(own | at_cursor) or not own


@given(st.text(alphabet="ab \n", max_size=200), st.integers(0, 400))
def test_a_snippet_is_a_few_whole_lines(text: str, width: int):
    text = "\n".join(line + "x" * width for line in text.split("\n"))
    lines = clipped(text).splitlines()
    assert len(lines) <= MAX_LINES
    assert set(lines) <= set(text.split("\n"))
    assert len(clipped(text)) <= 1_201


def test_names_near_the_cursor_come_nearest_first():
    view = view_of("from shop import total\n\nprice = amount\ntax = rate * total(‸)\nfar_away()\n")
    language = language_for("python")
    assert language is not None
    names = names_near(view, parse(language, view.lines))
    assert names[0] == "total"
    assert set(names) >= {"rate", "amount", "far_away"}
    assert "price" not in names


@pytest.mark.parametrize(
    ("edits", "expected"),
    [
        ([("a.py", 3), ("b.py", 1)], [("b.py", 1), ("a.py", 3)]),
        ([("a.py", 3), ("a.py", 5)], [("a.py", 5)]),
        ([("a.py", 3), ("b.py", 1), ("a.py", 4)], [("a.py", 4), ("b.py", 1)]),
        ([("a.py", 3), ("a.py", 30)], [("a.py", 30), ("a.py", 3)]),
        ([("a.py", 100 * n) for n in range(20)], [("a.py", 100 * n) for n in range(19, 3, -1)]),
    ],
)
def test_the_last_edits_are_remembered_newest_first(
    edits: list[tuple[str, int]], expected: list[tuple[str, int]]
):
    places: tuple[EditedPlace, ...] = ()
    for path, line in edits:
        places = remember_edit(places, path, line, ["x\r\n"] * 2_000)
    assert [(place.path, place.line) for place in places] == expected


def test_an_edited_place_is_shown_with_the_lines_around():
    lines = [f"line {n}\r\n" for n in range(30)]
    assert lines_around(lines, 10).splitlines()[0] == "line 6"
    assert lines_around(lines, 10).splitlines()[-1] == "line 17"
    assert lines_around([], 0) == ""
