"""The cost of an answer: the ``stats`` of a command's result, and of ``--json``."""

from __future__ import annotations

from attrs import frozen

from leanwide.features.journal import Record


@frozen(kw_only=True)
class Cost:
    """What one answer cost."""

    mode: str
    lane: str
    experts: int
    tokens_evaluated: int
    tokens_reused: int
    tokens_generated: int
    tokens_drafted: int
    tokens_accepted: int
    ms: float
    """The total time in milliseconds."""


def cost(*records: Record) -> Cost:
    """Return the cost of one answer, from the records of its generations, newest last.

    Every record counts its time from the request's arrival, so the newest one has the total.
    """
    last = records[-1]
    return Cost(
        mode=last.mode,
        lane=last.lane,
        experts=last.experts,
        tokens_evaluated=sum(record.tokens_evaluated for record in records),
        tokens_reused=sum(record.tokens_reused for record in records),
        tokens_generated=sum(record.tokens_generated for record in records),
        tokens_drafted=sum(record.tokens_drafted for record in records),
        tokens_accepted=sum(record.tokens_accepted for record in records),
        ms=last.ms["total"],
    )
