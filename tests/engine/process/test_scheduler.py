"""Whose turn it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.base import EngineError, Finished, FinishReason, Piece, Priority
from leanwide.engine.process.job import Step
from leanwide.engine.process.scheduler import Scheduler
from tests.engine.make import FREE

END = Finished(FinishReason.END, FREE)
INTERACTIVE, COMMAND, BACKGROUND = Priority


class Told:
    """A scheduler and what it reported."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, Piece | None]] = []
        self.ends: list[tuple[int, Finished | EngineError]] = []
        self.cancelled: set[int] = set()
        self.scheduler = Scheduler(
            lambda number, step: self.steps.append((number, step)),
            lambda number, end: self.ends.append((number, end)),
        )

    def add(self, number: int, priority: Priority, *steps: Step | EngineError) -> None:
        self.scheduler.add(number, priority, played(*steps), lambda: number in self.cancelled)

    def finish(self) -> list[int]:
        """Run everything; gives the jobs in the order in which they ended."""
        while not self.scheduler.idle:
            self.scheduler.step()
        return [number for number, _ in self.ends]


def played(*steps: Step | EngineError) -> Iterator[Step]:
    for step in steps:
        if isinstance(step, EngineError):
            raise step
        yield step


@pytest.mark.parametrize(
    ("priorities", "order"),
    [
        ([BACKGROUND, COMMAND, INTERACTIVE], [2, 1, 0]),
        ([INTERACTIVE, INTERACTIVE, INTERACTIVE], [2, 1, 0]),
        ([COMMAND, COMMAND], [0, 1]),
        ([BACKGROUND, BACKGROUND, COMMAND], [2, 0, 1]),
    ],
    ids=["most urgent", "newest completion", "oldest command", "oldest background"],
)
def test_who_goes_first(priorities, order):
    told = Told()
    for number, priority in enumerate(priorities):
        told.add(number, priority, None, END)
    assert told.finish() == order


def test_a_completion_goes_in_between_and_the_answer_under_way_loses_nothing():
    told = Told()
    told.add(1, COMMAND, Piece("a"), Piece("b"), END)
    told.scheduler.step()
    told.add(2, INTERACTIVE, None, Piece("x"), END)
    assert told.finish() == [2, 1]
    assert told.steps == [(1, Piece("a")), (2, None), (2, Piece("x")), (1, Piece("b"))]


def test_what_is_cancelled_ends_before_anything_else_goes_on():
    """Until then it keeps its place in the KV cache, of which there are few."""
    told = Told()
    for number in (1, 2):
        told.add(number, INTERACTIVE, None, None, END)
        told.scheduler.step()
    told.cancelled.add(1)
    told.add(3, INTERACTIVE, None, END)
    assert told.finish() == [1, 3, 2]


def test_an_error_ends_its_own_job_only():
    told = Told()
    error = EngineError("too long")
    told.add(1, COMMAND, None, error)
    told.add(2, COMMAND, None, END)
    told.finish()
    assert told.ends == [(1, error), (2, END)]


@given(st.lists(st.tuples(st.sampled_from(Priority), st.integers(0, 3), st.booleans())))
def test_every_job_ends_exactly_once(jobs):
    told = Told()
    for number, (priority, steps, fails) in enumerate(jobs):
        last = EngineError("no") if fails else END
        told.add(number, priority, *[None] * steps, last)
    assert sorted(told.finish()) == list(range(len(jobs)))


def test_nothing_runs_before_its_step():
    told = Told()
    assert told.scheduler.idle
    told.add(1, INTERACTIVE, EngineError("too early"))
    assert not told.scheduler.idle
    assert not told.ends
