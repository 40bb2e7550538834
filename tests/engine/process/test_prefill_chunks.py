"""Long slices in peace, short ones beside a typist, and little lost when one is broken off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.base import Priority
from leanwide.engine.process.prefill_chunks import PrefillChunker
from leanwide.models.speed import SMALLEST_STEP, STEP_MS

MOST = 128
SLOW = 0.025
"""Tokens per millisecond: a model of 30 B on two cores."""


def read(pace: PrefillChunker, tokens: int, speed: float) -> None:
    pace.completed(tokens, tokens / speed)


@pytest.fixture
def pace() -> PrefillChunker:
    """Of a slow machine that has shown its speed."""
    pace = PrefillChunker(MOST, abortable=True)
    read(pace, SMALLEST_STEP, SLOW)
    return pace


def test_the_first_slice_is_short_for_nobody_knows_how_long_it_takes():
    pace = PrefillChunker(MOST, abortable=True)
    assert pace.short == pace.long == SMALLEST_STEP


def test_slices_are_as_long_as_they_may_be_while_nobody_disturbs(pace):
    assert (pace.short, pace.long) == (SMALLEST_STEP, MOST)


def test_slices_grow_again_after_one_was_broken_off(pace):
    pace.aborted()
    lengths = []
    for _ in range(6):
        lengths.append(pace.long)
        read(pace, pace.long, SLOW)
    assert lengths == [16, 16, 32, 64, 128, 128]


def test_where_nothing_can_be_broken_off_every_slice_is_short():
    pace = PrefillChunker(MOST, abortable=False)
    read(pace, SMALLEST_STEP, SLOW)
    for _ in range(9):
        read(pace, pace.long, SLOW)
        assert pace.long == pace.short == SMALLEST_STEP


def test_a_fast_machine_has_long_slices_only(pace):
    read(pace, SMALLEST_STEP, 100 * SLOW)
    assert pace.short == pace.long == MOST


def test_no_slice_takes_so_long_that_the_engine_seems_to_hang(pace):
    read(pace, SMALLEST_STEP, 0.005)
    assert pace.long == 50


@given(st.floats(1e-4, 1e3), st.lists(st.integers(0, 10), min_size=1, max_size=20))
def test_no_more_is_lost_than_was_kept_since_the_last_loss(speed, slices):
    """Somebody comes after so many whole slices, at the end of the one that runs."""
    pace = PrefillChunker(MOST, abortable=True)
    read(pace, SMALLEST_STEP, speed)
    pace.aborted()
    for count in slices:
        kept = 0
        for _ in range(count):
            kept += pace.long
            read(pace, pace.long, speed)
        lost = pace.long if pace.long > pace.short else 0
        assert lost <= kept
        pace.aborted()


@given(st.floats(1e-4, 1e3), st.integers(SMALLEST_STEP, 512))
def test_a_short_slice_takes_its_time_or_is_the_smallest(speed, most):
    pace = PrefillChunker(most, abortable=True)
    read(pace, SMALLEST_STEP, speed)
    assert SMALLEST_STEP <= pace.short <= pace.long <= max(most, SMALLEST_STEP)
    assert pace.short == SMALLEST_STEP or pace.short / speed <= STEP_MS * 1.001


def test_long_slices_are_broken_off_for_anybody(pace):
    assert not any(pace.runs_to_completion(pace.long, priority) for priority in Priority)


@pytest.mark.parametrize("priority", [Priority.INTERACTIVE, Priority.BACKGROUND])
def test_a_short_slice_for_typing_runs_to_completion(pace, priority):
    assert pace.runs_to_completion(pace.short, priority)


def test_a_question_loses_four_slices_in_a_row_at_most(pace):
    for _ in range(4):
        assert not pace.runs_to_completion(pace.short, Priority.COMMAND)
        pace.aborted()
    assert pace.runs_to_completion(pace.short, Priority.COMMAND)
    read(pace, pace.short, SLOW)
    assert not pace.runs_to_completion(pace.short, Priority.COMMAND)
