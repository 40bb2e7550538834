"""Names of files in an answer become links, however the answer streams."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.postprocess.file_links import FileLinks, linked

FILES = {"a.py": "file:///w/a.py", "src/b.py": "file:///w/src/b.py", "Makefile": "file:///w/M"}
TEXTS = st.text(st.sampled_from("a.py:1 `[]()\n~*=<#L/\tx"), max_size=60)
WORDS = st.lists(
    st.sampled_from(
        (
            *("a.py", "src/b.py:3", "`a.py`", "``", "`", "```\n", "\n", "    ", "[", "](", ")"),
            *(" ", "z", "y" * 300, "`" + "q" * 300, "a.py." * 60),
        )
    ),
    max_size=12,
).map("".join)


def link(text: str) -> str:
    return linked(text, FILES.get)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("See a.py.", "See [a.py](file:///w/a.py)."),
        ("a.py:12", "[a.py:12](file:///w/a.py#L12)"),
        ("in a.py:12:4, and", "in [a.py:12:4](file:///w/a.py#L12), and"),
        ("(src/b.py#L7-L9)", "([src/b.py#L7-L9](file:///w/src/b.py#L7))"),
        ("`src/b.py:3` reads", "[`src/b.py:3`](file:///w/src/b.py#L3) reads"),
        ("**a.py**: it", "**[a.py](file:///w/a.py)**: it"),
        ("- `Makefile`", "- [`Makefile`](file:///w/M)"),
        ("    - a.py", "    - [a.py](file:///w/a.py)"),
        ("x\n```\ny\n```\na.py", "x\n```\ny\n```\n[a.py](file:///w/a.py)"),
    ],
)
def test_a_name_of_a_file_is_a_link(text: str, shown: str):
    assert link(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "c.py and d/a.py",
        "Makefile as a word",
        "https://x.org/a.py",
        "https://x.org/?q=a.py",
        "[a.py](https://x.org)",
        "[see a.py](https://x.org)",
        "[see](a.py)",
        "[see]( a.py )",
        "[1]: a.py",
        '<a href="a.py">',
        "`print(a.py)` and ``a.py x``",
        "`never closed a.py",
        "```\na.py\n```",
        "~~~python\na.py\n",
        "    a.py",
        "a.py(1)",
        "x" * 300 + "/a.py",
    ],
)
def test_other_text_stays(text: str):
    assert link(text) == text


@given(TEXTS | WORDS, st.data())
def test_the_way_a_text_is_cut_changes_nothing(text: str, data: st.DataObject):
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    links = FileLinks(FILES.get)
    pieces = [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]
    assert "".join([*map(links.add, pieces), links.end()]) == link(text)


@given(TEXTS | WORDS)
def test_without_files_a_text_stays(text: str):
    assert linked(text, lambda _: None) == text


def test_what_is_no_name_is_shown_at_once():
    links = FileLinks(FILES.get)
    assert links.add("It reads ") == "It reads "
    assert links.add("a.p") == ""
    assert links.add("y, ") == "[a.py](file:///w/a.py), "
    assert links.add("z" * 300) == "z" * 300
