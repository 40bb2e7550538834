"""What an answer cost, in the words of ``--json`` and of the ``stats`` of a command's result."""

from __future__ import annotations

from attrs import frozen

from leanwide.features.journal import Record


@frozen(kw_only=True)
class Cost:
    """What one answer took."""

    mode: str
    lane: str
    experts: int
    tokens_evaluated: int
    tokens_reused: int
    tokens_generated: int
    ms: float
    """The whole time in milliseconds."""


def cost(record: Record) -> Cost:
    """Give what a record says of the cost."""
    return Cost(
        mode=record.mode,
        lane=record.lane,
        experts=record.experts,
        tokens_evaluated=record.tokens_evaluated,
        tokens_reused=record.tokens_reused,
        tokens_generated=record.tokens_generated,
        ms=record.ms["total"],
    )
