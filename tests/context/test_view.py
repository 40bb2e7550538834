"""A document with a cursor: the text around it, and the text typed between two of them."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from leanwide.context.view import split_lines, text_between, typed_since, with_lf
from tests.marked import view_at, view_of

TEXTS = st.text(st.sampled_from("ab \t\n\r\x0c\x85\u2028é\U0001f389)"), max_size=12)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", []),
        ("a", ["a"]),
        ("a\n", ["a\n"]),
        ("a\r\nb\rc\n\nd", ["a\r\n", "b\r", "c\n", "\n", "d"]),
        ("a\x0cb\u2028c\x85d\n", ["a\x0cb\u2028c\x85d\n"]),
        ("a\ud800b", ["a\ufffdb"]),
    ],
)
def test_lines_are_split_as_editors_split_them(text: str, lines: list[str]):
    assert split_lines(text) == lines


@pytest.mark.parametrize(
    ("marked", "before", "after", "text_after"),
    [
        ("x = ‸1 + 2\n", "x = ", "1 + 2", True),
        ("f(‸)\r\n", "f(", ")", False),
        ('f("‸"); \n', 'f("', '"); ', False),
        ("a\n‸", "", "", False),
        ("‸", "", "", False),
    ],
)
def test_the_line_around_the_cursor(marked: str, before: str, after: str, *, text_after: bool):
    view = view_of(marked)
    assert (view.line_before, view.line_after) == (before, after)
    assert view.has_text_after is text_after


@pytest.mark.parametrize(
    ("marked", "newline"), [("‸", "\n"), ("a\r\n‸b\n", "\r\n"), ("a\r‸", "\r"), ("a‸", "\n")]
)
def test_the_line_ending_is_the_first_lines(marked: str, newline: str):
    assert view_of(marked).newline == newline


TYPED = [
    ("a‸\n", "ab‸\n", "b"),
    ("a‸\n", "a‸\n", ""),
    ("a‸\n", "a\n  b‸\n", "\n  b"),
    ("a‸\r\nz\r\n", "a\r\nb‸\r\nz\r\n", "\nb"),
    ("a\n‸", "a\nb‸", "b"),  # the empty last line becomes a line
    ("a\n‸", "a\nb\n‸", "b\n"),
    ("‸", "a‸", "a"),
    ("a(‸)\n", "a(b‸)\n", "b"),
    ("ab‸\n", "a‸\n", None),  # deleted
    ("a‸\n", "b‸\n", None),
    ("a‸\n", "ab‸)\n", None),  # an editor closed a bracket
    ("a‸\nz\n", "ab‸\ny\n", None),
    ("x\na‸\n", "y\nab‸\n", None),
    ("a‸\n", "a‸\n\n", None),
    ("a‸\n", "a\n‸", None),  # the cursor moved: the line ending is before it now
]


@pytest.mark.parametrize(("then", "now", "typed"), TYPED)
def test_the_text_typed_between_two_views(then: str, now: str, typed: str | None):
    assert typed_since(view_of(then), view_of(now)) == typed


def test_nothing_was_typed_in_another_document():
    then, now = view_of("a‸\n"), view_of("ab‸\n", path="/project/other")
    assert text_between(then, now) is None


@given(TEXTS, TEXTS, TEXTS)
def test_any_typed_text_is_found(before: str, typed: str, after: str):
    assume(not before.endswith("\r") and not (before + typed).endswith("\r"))  # CR may meet LF
    then, now = view_at(before, after), view_at(before + typed, after)
    assert typed_since(then, now) == with_lf(typed)


@given(TEXTS, TEXTS, TEXTS)
def test_an_insertion_is_the_same_as_typing(before: str, typed: str, after: str):
    assume(not before.endswith("\r"))  # it may meet the LF
    then = view_at(before, after)
    wanted = before + typed.replace("\n", then.newline)
    assume("\r" not in typed and not wanted.endswith("\r"))
    assert then.with_inserted(typed) == view_at(wanted, after)


@given(TEXTS, TEXTS, TEXTS, TEXTS)
def test_a_replacement_is_a_deletion_and_an_insertion(before: str, old: str, text: str, after: str):
    assume("\n" not in old and "\r" not in before + old + text)
    then = view_at(before + old, after)
    start = then.column - len(old)
    replaced = then.with_replaced(start, then.column, text)
    assert replaced == view_at(before, after).with_inserted(text)
