"""A request in the engine process: the type of its steps, and the measurement of its cost."""

from __future__ import annotations

import time
from collections.abc import Callable

from attrs import Factory, define, field, frozen

from leanwide.engine.requests import Finished, Piece, PrefillProgress, Request, Stats

Step = Piece | PrefillProgress | Finished | None
"""The result of one step; None where there is nothing to report."""


@frozen(kw_only=True)
class Job:
    """A request as a lane runs it."""

    request: Request
    arrived: float
    """Time of arrival, in seconds of ``time.monotonic``."""
    cancelled: Callable[[], bool]
    """Called between steps and, on CPU and Metal, inside them."""
    preempted: Callable[[], bool] = lambda: False
    """Whether a more urgent request is queued; called like ``cancelled``, while a prompt or a
    draft is evaluated."""


@define
class Meter:
    """Measures what a generation costs while it runs."""

    started: float = field(factory=time.monotonic)
    evaluated: int = 0
    reused: int = 0
    generated: int = 0
    drafted: int = 0
    accepted: int = 0
    thought: int = 0
    scored: int = 0
    nats: float = 0.0
    prompt_done: float = field(default=Factory(lambda meter: meter.started, takes_self=True))

    def stats(self, job: Job, experts: int) -> Stats:
        """Return the cost until now, with ``experts`` active experts."""
        return Stats(
            lane=job.request.lane,
            experts=experts,
            tokens_evaluated=self.evaluated,
            tokens_reused=self.reused,
            tokens_generated=self.generated,
            tokens_drafted=self.drafted,
            tokens_accepted=self.accepted,
            queue_ms=1000 * (self.started - job.arrived),
            prompt_ms=1000 * (self.prompt_done - self.started),
            decode_ms=1000 * (time.monotonic() - self.prompt_done),
            truth_tokens=self.scored,
            truth_nats=self.nats,
        )
