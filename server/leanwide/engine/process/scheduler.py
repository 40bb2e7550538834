"""Chooses the job of the next step. Cooperative: a job yields after each prefill chunk or token."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

from attrs import define

from leanwide.engine.base import EngineError
from leanwide.engine.process.job import Step
from leanwide.engine.requests import Finished, Piece, PrefillProgress, Priority


@define
class _QueuedJob:
    id: int
    priority: Priority
    order: int
    steps: Iterator[Step]
    cancelled: Callable[[], bool]

    @property
    def rank(self) -> tuple[bool, int, int]:
        """The sort key, lowest first, in the order of :meth:`Priority.goes_before`.

        A cancelled job goes first: it only has to end and release its sequence.
        """
        interactive = self.priority is Priority.INTERACTIVE
        order = -self.order if interactive else self.order
        return not self.cancelled(), self.priority, order


class Scheduler:
    """Runs jobs step by step, the most urgent first; a waiting job loses no work."""

    def __init__(
        self,
        on_step: Callable[[int, Piece | PrefillProgress | None], None],
        on_end: Callable[[int, Finished | EngineError], None],
    ) -> None:
        self._jobs: list[_QueuedJob] = []
        self._order = count()
        self._on_step = on_step
        self._on_end = on_end

    @property
    def idle(self) -> bool:
        """Whether there are no jobs."""
        return not self._jobs

    def add(
        self,
        job_id: int,
        priority: Priority,
        steps: Iterator[Step],
        cancelled: Callable[[], bool],
    ) -> None:
        """Add a job; nothing of it runs before :meth:`step`."""
        self._jobs.append(_QueuedJob(job_id, priority, next(self._order), steps, cancelled))

    def step(self) -> None:
        """Run one step of the most urgent job and report it."""
        job = min(self._jobs, key=lambda queued: queued.rank)
        try:
            step = next(job.steps)
        except EngineError as error:
            self._jobs.remove(job)
            self._on_end(job.id, error)
            return
        if isinstance(step, Finished):
            self._jobs.remove(job)
            self._on_end(job.id, step)
        else:
            self._on_step(job.id, step)
