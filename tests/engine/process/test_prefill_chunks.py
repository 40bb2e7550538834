"""Long prefill chunks without interruptions, short ones with; an abort loses little."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.process.prefill_chunks import PrefillChunker
from leanwide.engine.requests import Priority
from leanwide.models.speed import SMALLEST_STEP, STEP_MS

MOST = 128
SLOW = 0.025
"""Tokens per millisecond: a model of 30 B on two cores."""


def evaluate(chunker: PrefillChunker, tokens: int, speed: float) -> None:
    chunker.completed(tokens, tokens / speed)


@pytest.fixture
def chunker() -> PrefillChunker:
    """A chunker of a slow machine, after its first chunk."""
    chunker = PrefillChunker(MOST, abortable=True)
    evaluate(chunker, SMALLEST_STEP, SLOW)
    return chunker


def test_the_first_chunk_is_short_while_the_speed_is_unknown():
    chunker = PrefillChunker(MOST, abortable=True)
    assert chunker.short == chunker.long == SMALLEST_STEP


def test_chunks_have_their_full_size_without_interruptions(chunker):
    assert (chunker.short, chunker.long) == (SMALLEST_STEP, MOST)


def test_chunks_grow_again_after_an_abort(chunker):
    chunker.aborted()
    lengths = []
    for _ in range(6):
        lengths.append(chunker.long)
        evaluate(chunker, chunker.long, SLOW)
    assert lengths == [16, 16, 32, 64, 128, 128]


def test_where_chunks_cannot_be_aborted_all_are_short():
    chunker = PrefillChunker(MOST, abortable=False)
    evaluate(chunker, SMALLEST_STEP, SLOW)
    for _ in range(9):
        evaluate(chunker, chunker.long, SLOW)
        assert chunker.long == chunker.short == SMALLEST_STEP


def test_a_fast_machine_has_long_chunks_only(chunker):
    evaluate(chunker, SMALLEST_STEP, 100 * SLOW)
    assert chunker.short == chunker.long == MOST


def test_no_chunk_takes_so_long_that_the_engine_seems_to_hang(chunker):
    evaluate(chunker, SMALLEST_STEP, 0.005)
    assert chunker.long == 50


@given(st.floats(1e-4, 1e3), st.lists(st.integers(0, 10), min_size=1, max_size=20))
def test_an_abort_loses_no_more_than_was_evaluated_since_the_last_one(speed, chunks):
    """An urgent request arrives after each number of whole chunks, at the end of the next one."""
    chunker = PrefillChunker(MOST, abortable=True)
    evaluate(chunker, SMALLEST_STEP, speed)
    chunker.aborted()
    for count in chunks:
        kept = 0
        for _ in range(count):
            kept += chunker.long
            evaluate(chunker, chunker.long, speed)
        lost = chunker.long if chunker.long > chunker.short else 0
        assert lost <= kept
        chunker.aborted()


@given(st.floats(1e-4, 1e3), st.integers(SMALLEST_STEP, 512))
def test_a_short_chunk_takes_its_time_or_is_the_smallest(speed, most):
    chunker = PrefillChunker(most, abortable=True)
    evaluate(chunker, SMALLEST_STEP, speed)
    assert SMALLEST_STEP <= chunker.short <= chunker.long <= max(most, SMALLEST_STEP)
    assert chunker.short == SMALLEST_STEP or chunker.short / speed <= STEP_MS * 1.001


def test_long_chunks_can_be_aborted_at_any_priority(chunker):
    assert not any(chunker.runs_to_completion(chunker.long, priority) for priority in Priority)


@pytest.mark.parametrize("priority", [Priority.INTERACTIVE, Priority.BACKGROUND])
def test_a_short_chunk_of_a_completion_runs_to_its_end(chunker, priority):
    assert chunker.runs_to_completion(chunker.short, priority)


def test_a_question_loses_at_most_four_chunks_in_a_row(chunker):
    for _ in range(4):
        assert not chunker.runs_to_completion(chunker.short, Priority.COMMAND)
        chunker.aborted()
    assert chunker.runs_to_completion(chunker.short, Priority.COMMAND)
    evaluate(chunker, chunker.short, SLOW)
    assert not chunker.runs_to_completion(chunker.short, Priority.COMMAND)
