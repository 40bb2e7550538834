"""The order of jobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.base import EngineError
from leanwide.engine.process.job import Step
from leanwide.engine.process.scheduler import Scheduler
from leanwide.engine.requests import Finished, FinishReason, Piece, PrefillProgress, Priority
from tests.engine.make import FREE

END = Finished(FinishReason.END, FREE)
INTERACTIVE, COMMAND, BACKGROUND = Priority


class Reports:
    """A scheduler and its reports."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, Piece | PrefillProgress | None]] = []
        self.ends: list[tuple[int, Finished | EngineError]] = []
        self.cancelled: set[int] = set()
        self.scheduler = Scheduler(
            lambda number, step: self.steps.append((number, step)),
            lambda number, end: self.ends.append((number, end)),
        )

    def add(self, number: int, priority: Priority, *steps: Step | EngineError) -> None:
        self.scheduler.add(number, priority, steps_of(*steps), lambda: number in self.cancelled)

    def finish(self) -> list[int]:
        """Run everything; return the jobs in the order in which they ended."""
        while not self.scheduler.idle:
            self.scheduler.step()
        return [number for number, _ in self.ends]


def steps_of(*steps: Step | EngineError) -> Iterator[Step]:
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
def test_the_order_of_jobs(priorities, order):
    reports = Reports()
    for number, priority in enumerate(priorities):
        reports.add(number, priority, None, END)
    assert reports.finish() == order


def test_a_completion_preempts_an_answer_which_loses_nothing():
    reports = Reports()
    reports.add(1, COMMAND, Piece("a"), Piece("b"), END)
    reports.scheduler.step()
    reports.add(2, INTERACTIVE, None, Piece("x"), END)
    assert reports.finish() == [2, 1]
    assert reports.steps == [(1, Piece("a")), (2, None), (2, Piece("x")), (1, Piece("b"))]


def test_a_cancelled_job_ends_before_any_other_step():
    """Until then it keeps its sequence of the KV cache, which has few."""
    reports = Reports()
    for number in (1, 2):
        reports.add(number, INTERACTIVE, None, None, END)
        reports.scheduler.step()
    reports.cancelled.add(1)
    reports.add(3, INTERACTIVE, None, END)
    assert reports.finish() == [1, 3, 2]


def test_an_error_ends_its_own_job_only():
    reports = Reports()
    error = EngineError("too long")
    reports.add(1, COMMAND, None, error)
    reports.add(2, COMMAND, None, END)
    reports.finish()
    assert reports.ends == [(1, error), (2, END)]


@given(st.lists(st.tuples(st.sampled_from(Priority), st.integers(0, 3), st.booleans())))
def test_every_job_ends_exactly_once(jobs):
    reports = Reports()
    for number, (priority, steps, fails) in enumerate(jobs):
        last = EngineError("no") if fails else END
        reports.add(number, priority, *[None] * steps, last)
    assert sorted(reports.finish()) == list(range(len(jobs)))


def test_nothing_runs_before_its_step():
    reports = Reports()
    assert reports.scheduler.idle
    reports.add(1, INTERACTIVE, EngineError("too early"))
    assert not reports.scheduler.idle
    assert not reports.ends
