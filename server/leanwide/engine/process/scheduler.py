"""Chooses the job of the next step. Cooperative: a job yields after each prefill chunk or token.

Clients that share the engine take turns, step by step, among their jobs of equal priority.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from typing import NamedTuple

from attrs import define

from leanwide.engine.base import EngineError
from leanwide.engine.process.job import Step
from leanwide.engine.requests import Finished, Piece, PrefillProgress, Priority


class JobId(NamedTuple):
    """Names a job: the client that sent the request, and the client's number for it."""

    client: int
    request: int


@define
class _QueuedJob:
    id: JobId
    priority: Priority
    order: int
    steps: Iterator[Step]
    cancelled: Callable[[], bool]
    waits: Callable[[], bool]

    def rank(self, last_step: int) -> tuple[bool, bool, int, int, int]:
        """Return the sort key, lowest first, in the order of :meth:`Priority.goes_before`.

        A cancelled job goes first: it only has to end and release its sequence. One that waits for
        others to release theirs goes last.

        Args:
            last_step: The number of the last step that its client had.
        """
        interactive = self.priority is Priority.INTERACTIVE
        order = -self.order if interactive else self.order
        cancelled = self.cancelled()
        waits = not cancelled and self.waits()
        return not cancelled, waits, self.priority, last_step, order


class Scheduler:
    """Runs jobs step by step, the most urgent first; a waiting job loses no work."""

    def __init__(
        self,
        on_step: Callable[[JobId, Piece | PrefillProgress | None], None],
        on_end: Callable[[JobId, Finished | EngineError], None],
    ) -> None:
        self._jobs: list[_QueuedJob] = []
        self._order = count()
        self._steps = count(1)
        self._last_steps: dict[int, int] = {}
        """The number of the last step that each client had."""
        self._on_step = on_step
        self._on_end = on_end

    @property
    def idle(self) -> bool:
        """Whether there are no jobs."""
        return not self._jobs

    @property
    def waiting(self) -> tuple[JobId, ...]:
        """The jobs that have not ended."""
        return tuple(job.id for job in self._jobs)

    def add(
        self,
        job_id: JobId,
        priority: Priority,
        steps: Iterator[Step],
        cancelled: Callable[[], bool],
        waits: Callable[[], bool] = lambda: False,
    ) -> None:
        """Add a job; nothing of it runs before :meth:`step`.

        Args:
            job_id: Its name in reports.
            priority: Its priority.
            steps: Runs it.
            cancelled: Whether it only has to end.
            waits: Whether it can do nothing until another job has ended.
        """
        order = next(self._order)
        self._jobs.append(_QueuedJob(job_id, priority, order, steps, cancelled, waits))

    def forget(self, client: int) -> None:
        """Forget the turns of a client that is gone; its cancelled jobs still end."""
        self._last_steps.pop(client, None)

    def step(self) -> None:
        """Run one step of the most urgent job and report it."""
        last = self._last_steps
        job = min(self._jobs, key=lambda queued: queued.rank(last.get(queued.id.client, 0)))
        last[job.id.client] = next(self._steps)
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
