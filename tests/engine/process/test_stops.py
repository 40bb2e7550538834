"""Stop texts: an answer ends before the first one, however its text is cut."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.process.stops import StopBuffer

TEXTS = st.text("ab\n", max_size=30)
STOPS = st.lists(st.text("ab\n", min_size=1, max_size=4), max_size=4).map(tuple)


def streamed(stops: tuple[str, ...], pieces: list[str]) -> tuple[str, bool]:
    buffer = StopBuffer(stops)
    shown = "".join([*map(buffer.push, pieces), buffer.flush()])
    return shown, buffer.hit


def until_first_stop(stops: tuple[str, ...], text: str) -> tuple[str, bool]:
    """Find the stop text by brute force, letter by letter."""
    for size in range(len(text) + 1):
        ending = [stop for stop in stops if text[:size].endswith(stop)]
        if ending:
            return text[: size - max(map(len, ending))], True
    return text, False


@given(STOPS, TEXTS, st.lists(st.integers(0, 30), max_size=8))
def test_the_answer_ends_before_the_first_stop_whatever_the_pieces(stops, text, cuts):
    edges = [0, *sorted(min(cut, len(text)) for cut in cuts), len(text)]
    pieces = [text[a:b] for a, b in itertools.pairwise(edges)]
    assert streamed(stops, pieces) == until_first_stop(stops, text)


@given(STOPS, TEXTS)
def test_only_a_possible_beginning_of_a_stop_is_withheld(stops, text):
    buffer = StopBuffer(stops)
    shown = "".join(map(buffer.push, text))
    held = text[len(shown) :]
    assert buffer.hit or not held or any(stop.startswith(held) for stop in stops)


@pytest.mark.parametrize(
    ("stops", "pieces", "shown"),
    [
        ((), ["a", "", "b"], "ab"),
        (("\n\n",), ["x\n", "\ny"], "x"),
        (("\n\n",), ["x\n"], "x\n"),
        (("<|im_end|>",), ["a <", "|im", "_start|>"], "a <|im_start|>"),
        (("abc", "b"), ["abc"], "a"),
        (("🙂é",), ["x🙂", "é"], "x"),
    ],
)
def test_examples(stops, pieces, shown):
    assert streamed(stops, pieces)[0] == shown


def test_no_text_follows_a_stop():
    buffer = StopBuffer(("#",))
    assert [buffer.push("a#b"), buffer.push("c"), buffer.flush()] == ["a", "", ""]
