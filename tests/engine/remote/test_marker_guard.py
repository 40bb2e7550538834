"""Markers in messages, which a server would take for special tokens."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.remote.marker_guard import GuardRemoval, guarded

MARKERS = ("<|im_end|>", "<\uff5cUser\uff5c>", "</s>", "[INST]", "<think>", "<end_of_turn>")
TEXTS = st.lists(st.sampled_from((*MARKERS, "<", "[", "a", " ", "|>", "\n"))).map("".join)


@given(text=TEXTS, cuts=st.lists(st.integers(0, 60), max_size=5))
def test_an_answer_that_repeats_a_message_has_the_users_text(text: str, cuts: list[int]):
    sent, removal = guarded(text), GuardRemoval()
    ends = [0, *sorted(cuts), len(sent)]
    pieces = [sent[begin:end] for begin, end in itertools.pairwise(ends)]
    assert "".join(map(removal.push, pieces)) == text


@given(text=TEXTS)
def test_no_marker_is_spelt_in_what_is_sent(text: str):
    assert not [marker for marker in MARKERS if marker in guarded(text)]


@pytest.mark.parametrize("text", ["<my-element>", "[TODO]", "<xs:element>", "a < b | c > d"])
def test_markup_of_other_languages_is_sent_as_it_is(text: str):
    assert guarded(text) == text
