"""Where pages begin, and that typing does not move them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leanwide.context.pages import code_of, page_at, pages

LINES = st.lists(
    st.sampled_from(
        ["\n", "def f(x):\n", "    return x\n", "        y = 1\n", "}\n", "é" * 40, ""]
    ),
    max_size=80,
)
CHARACTERS = st.integers(1, 60)
FUNCTIONS = [f"def f{n}(x):\n    return {n}\n\n".splitlines(keepends=True) for n in range(40)]
FILE = [line for function in FUNCTIONS for line in function]


@given(LINES, CHARACTERS)
def test_every_line_is_on_one_page(lines: list[str], characters: int):
    found = list(pages(lines, characters))
    on_pages = [line for page in found for line in range(page.first, page.end)]
    assert on_pages == list(range(len(lines)))
    for line in on_pages:
        assert page_at(lines, line, characters) in found
        assert page_at(lines, line, characters).first <= line


@given(LINES, CHARACTERS)
def test_windows_begin_with_the_page_before(lines: list[str], characters: int):
    found = list(pages(lines, characters))
    begins = [0, *(page.first for page in found)][: len(found)]
    assert [page.begins for page in found] == begins


@given(LINES, LINES, LINES, CHARACTERS)
def test_text_below_moves_no_page(
    above: list[str], below: list[str], other_below: list[str], characters: int
):
    firsts, other_firsts = (
        [page.first for page in pages([*above, *lines], characters) if page.first < len(above)]
        for lines in (below, other_below)
    )
    assert firsts == other_firsts


def test_a_page_begins_between_definitions():
    found = list(pages(FILE, 50))
    assert len(found) > 3
    assert all(FILE[page.first].startswith("def ") for page in found)


def test_a_long_definition_is_divided_between_paragraphs():
    body = [f"    {line}" if line.strip() else line for line in FILE]
    found = list(pages(["class A:\n", *body], 150))
    assert len(found) > 3
    assert all(body[page.first - 1].startswith("    def ") for page in found[1:])


def test_a_text_without_paragraphs_has_pages_too():
    lines = [f"    value_{n} = {n}\n" for n in range(300)]
    found = list(pages(lines, 100))
    assert all(page.end - page.first < 40 for page in found)
    assert len(found) > 8


def test_what_tells_the_tokens_of_a_text_is_bounded():
    assert code_of(["    a = 1\n", "\n", "  b\n"], 100) == "a = 1\n\nb"
    assert code_of(["x" * 1_000_000], 100) == "x" * 100
