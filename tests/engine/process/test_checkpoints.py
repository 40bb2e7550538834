"""Where a sequence can be cut, and which checkpoints are kept."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.process.checkpoints import (
    MIN_GAP,
    Checkpoint,
    next_pause,
    page_pauses,
    prompt_pauses,
    reachable,
    thinned,
)

LENGTHS = st.lists(st.integers(1, 500), unique=True, max_size=20).map(sorted)


@given(st.integers(0, 500), st.integers(0, 500), LENGTHS)
def test_a_sequence_is_cut_where_it_can_be_and_nowhere_else(length, cut_from, checkpoints):
    found = reachable(length, cut_from, checkpoints)
    allowed = {0, *checkpoints, *range(cut_from, 501)}
    assert found == max(place for place in allowed if place <= length)


@given(LENGTHS, st.integers(1, 8))
def test_the_newest_checkpoint_is_always_kept(lengths, most):
    kept = thinned([Checkpoint(length, memoryview(b"")) for length in lengths], most)
    assert len(kept) == min(most, len(lengths))
    assert [known.length for known in kept[-1:]] == lengths[-1:]


def test_checkpoints_of_keys_make_room_and_the_line_begun_at_stays():
    """The text before the cursor ends at 900; a checkpoint follows every 3 typed tokens."""
    known = [Checkpoint(length, memoryview(b"")) for length in (300, 900)]
    for length in range(903, 960, 3):
        known = thinned([*known, Checkpoint(length, memoryview(b""))], 4)
    assert {300, 900, 957} <= {checkpoint.length for checkpoint in known}


@pytest.mark.parametrize("tokens", [16, 100, 3000])
def test_a_branch_of_a_page_evaluates_a_part_of_it_again(tokens):
    ends = [0, *page_pauses(tokens), tokens]
    assert max(end - begin for begin, end in pairwise(ends)) <= tokens / 8 + 1


def test_a_prompt_pauses_at_the_text_before_the_cursor_the_anchor_and_its_last_token():
    suffix, middle = 700, 900
    assert prompt_pauses(910, [middle, suffix]) == [suffix, middle + 1, 909]
    assert prompt_pauses(910, []) == [909]


@given(st.integers(1, 300), st.integers(0, 299), LENGTHS)
def test_no_chunk_is_broken_for_a_checkpoint_next_to_another(tokens, done, markers):
    pause = next_pause(prompt_pauses(tokens, markers[:2]), done, done)
    assert pause is None or pause >= done + MIN_GAP
