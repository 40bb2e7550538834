from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide_bench.replay.buffer import Buffer, Ghost


def buffer(text, cursor=(0, 0), encoding="utf-16"):
    made = Buffer("file:///a.py", text, encoding)
    made.cursor = cursor
    return made


@pytest.mark.parametrize(("encoding", "character"), [("utf-8", 5), ("utf-16", 3)])
def test_positions_count_as_the_client_does(encoding, character):
    made = buffer("😀a", (0, 2), encoding)
    assert made.position(made.cursor) == {"line": 0, "character": character}
    assert made.place({"line": 0, "character": character}) == (0, 2)


def test_inserting_moves_the_cursor_and_the_version():
    made = buffer("ab", (0, 1))
    change = made.insert("x\n  ")
    assert (made.text, made.cursor, made.version) == ("ax\n  b", (1, 2), 2)
    assert change == {
        "range": {"start": {"line": 0, "character": 1}, "end": {"line": 0, "character": 1}},
        "text": "x\n  ",
    }


def test_backspace_joins_lines_and_stops_at_the_beginning():
    made = buffer("a\nb", (1, 0))
    made.backspace()
    assert (made.text, made.cursor) == ("ab", (0, 1))
    made.backspace()
    made.backspace()
    assert (made.text, made.cursor) == ("b", (0, 0))


@given(st.lists(st.one_of(st.text("ab\n😀", min_size=1, max_size=3), st.none()), max_size=20))
def test_edits_at_the_cursor_are_those_of_a_string(edits):
    made, before = buffer("!"), ""
    for text in edits:
        if text is None:
            made.backspace()
            before = before[:-1]
        else:
            made.insert(text)
            before += text
    assert made.text == before + "!"


def test_ghost_text_that_is_typed_stays():
    made = buffer("re", (0, 2))
    assert made.offer(Ghost((0, 0), "return x\n", None))
    for key in "turn":
        made.insert(key)
        assert made.ghost is not None


@pytest.mark.parametrize("key", ["x", "return"])
def test_ghost_text_that_is_not_typed_goes(key):
    made = buffer("re", (0, 2))
    made.offer(Ghost((0, 0), "return", None))
    made.insert(key)
    assert made.ghost is None


def test_ghost_text_goes_with_the_cursor():
    made = buffer("re\nab", (0, 2))
    made.offer(Ghost((0, 0), "return", None))
    made.go_behind("ab")
    assert (made.ghost, made.cursor) == (None, (1, 2))


def test_a_late_suggestion_is_shown_only_where_it_fits():
    made = buffer("rex", (0, 3))
    assert not made.offer(Ghost((0, 0), "return", None))
    assert made.ghost is None


def test_accepting_replaces_what_was_typed_of_it():
    made = buffer("  re)", (0, 4))
    made.offer(Ghost((0, 2), "return x\n  y", None))
    change = made.accept()
    assert (made.text, made.cursor, made.ghost) == ("  return x\n  y)", (1, 3), None)
    assert change["range"]["start"] == {"line": 0, "character": 2}


def test_a_place_that_does_not_occur_is_named():
    with pytest.raises(LookupError, match="'nowhere' does not occur"):
        buffer("a").go_behind("nowhere")
