"""The order of jobs."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.base import EngineError
from leanwide.engine.process.job import Step
from leanwide.engine.process.scheduler import JobId, Scheduler
from leanwide.engine.requests import Finished, FinishReason, Piece, PrefillProgress, Priority
from tests.engine.make import FREE

END = Finished(FinishReason.END, FREE)
INTERACTIVE, COMMAND, SAVE, BACKGROUND = Priority


class Reports:
    """A scheduler and its reports."""

    def __init__(self) -> None:
        self.steps: list[tuple[int, Piece | PrefillProgress | None]] = []
        self.ends: list[tuple[int, Finished | EngineError]] = []
        self.cancelled: set[int] = set()
        self.scheduler = Scheduler(
            lambda job, step: self.steps.append((job.request, step)),
            lambda job, end: self.ends.append((job.request, end)),
        )

    def add(
        self, number: int, priority: Priority, *steps: Step | EngineError, client: int = 0
    ) -> None:
        job = JobId(client, number)
        self.scheduler.add(job, priority, steps_of(*steps), lambda: number in self.cancelled)

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
        ([BACKGROUND, SAVE, COMMAND], [2, 1, 0]),
    ],
    ids=["most urgent", "newest completion", "oldest command", "oldest background", "save"],
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


def test_clients_take_turns_step_by_step_and_each_has_its_newest_completion_first():
    reports = Reports()
    reports.add(1, INTERACTIVE, Piece("old"), END, client=1)
    reports.add(2, INTERACTIVE, Piece("a"), Piece("b"), END, client=1)
    reports.add(3, INTERACTIVE, Piece("x"), Piece("y"), END, client=2)
    reports.add(4, COMMAND, Piece("later"), END, client=2)
    reports.finish()
    said = [step.text for _, step in reports.steps if isinstance(step, Piece)]
    assert said == ["x", "a", "y", "b", "old", "later"]


def test_a_client_that_was_idle_has_no_more_turns_than_others():
    reports = Reports()
    reports.add(1, COMMAND, *[Piece("a")] * 5, END, client=1)
    for _ in range(3):
        reports.scheduler.step()
    reports.add(2, COMMAND, *[Piece("b")] * 2, END, client=2)
    reports.finish()
    said = [step.text for _, step in reports.steps if isinstance(step, Piece)]
    assert said == ["a", "a", "a", "b", "a", "b", "a"]


def test_a_job_that_waits_for_another_one_lets_it_run():
    reports, waiting = Reports(), [True]
    reports.add(1, BACKGROUND, Piece("a"), END)
    job = steps_of(Piece("b"), END)
    reports.scheduler.add(JobId(0, 2), INTERACTIVE, job, lambda: False, lambda: waiting[0])
    reports.scheduler.step()
    waiting.clear()
    waiting.append(False)
    reports.finish()
    assert [step.text for _, step in reports.steps if isinstance(step, Piece)] == ["a", "b"]


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
