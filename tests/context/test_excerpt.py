"""Excerpts of documents without a name: recognised by their lines, and joined where they slide."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leanwide.context.excerpt import Excerpt, excerpt_of, is_of, is_typed, joined

TEXT = st.text(st.sampled_from("ab \n\r"), max_size=40)
LINES = [f"value_{number} = compute({number})\n" for number in range(300)]


def around(line: int, typed: str = "", above: int = 40, below: int = 20) -> Excerpt:
    """What an editor sends of a long file at the end of a line."""
    before = "".join(LINES[max(0, line - above) : line]) + typed
    return excerpt_of(before, "\n" + "".join(LINES[line : line + below]))


def text_of(excerpt: Excerpt) -> tuple[str, str]:
    return "".join(excerpt.head) + excerpt.before, "".join(excerpt.tail)


@given(TEXT, TEXT)
def test_an_excerpt_is_the_text_with_its_cursor(before: str, after: str):
    assert text_of(excerpt_of(before, after)) == (before, after)
    view = excerpt_of(before, after).view("uri", "untitled", 1)
    assert "".join(view.lines) == before + after
    assert "".join(view.lines[: view.line]) + view.line_before == before


@given(TEXT, TEXT, TEXT, TEXT)
def test_what_is_joined_changes_nothing_that_the_client_shows(
    before: str, after: str, known_before: str, known_after: str
):
    excerpt = excerpt_of(before, after)
    whole_before, whole_after = text_of(joined(excerpt, excerpt_of(known_before, known_after)))
    assert whole_before.endswith(before)
    assert whole_after.startswith(after)


def test_lines_that_slide_out_stay_above():
    known = around(100)
    for line in range(101, 160):
        known = joined(around(line), known)
    assert known.head == tuple(LINES[60:159])


def test_lines_that_the_client_sends_no_more_stay_below_while_the_cursor_does():
    shorter = joined(around(100, below=10), around(100))
    assert shorter.tail == around(100).tail


def test_a_jump_keeps_nothing_that_is_not_around_it():
    assert joined(around(250), around(100)) == around(250)


def test_text_that_is_kept_is_bounded():
    lines = [f"line {number}\n" for number in range(9_000)]
    known = excerpt_of("".join(lines[:50]), "")
    for line in range(60, 9_000, 10):
        known = joined(excerpt_of("".join(lines[line - 50 : line]), ""), known)
    assert len(known.head) <= 2_050


def test_a_document_is_recognised_by_its_lines():
    assert is_of(around(101, "new ="), around(100))
    assert is_of(around(120), around(100))
    assert not is_of(around(250), around(100))
    assert not is_of(excerpt_of("import os\n\nprint(", ")\n"), around(100))


def test_a_document_of_one_line_is_recognised_while_it_is_typed():
    assert is_of(excerpt_of("import o", ""), excerpt_of("import ", ""))
    assert is_of(excerpt_of("import", ""), excerpt_of("import o", ""))
    assert not is_of(excerpt_of("import o", ""), excerpt_of("from", ""))
    assert not is_of(excerpt_of("", ""), excerpt_of("", ""))


def test_what_is_typed_is_told_from_another_place():
    assert is_typed(around(100, "new = "), around(100))
    assert is_typed(around(100), around(100, "new = "))
    assert not is_typed(around(101), around(100))
    assert not is_typed(around(100), excerpt_of("other\n", "\n" + "".join(LINES[100:120])))
