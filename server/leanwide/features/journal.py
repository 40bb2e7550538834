"""The last requests and what they cost: nothing that was sent to the model is a secret."""

from __future__ import annotations

import enum
import time
from collections import deque
from typing import Final

from attrs import frozen

from leanwide.engine.base import Stats
from leanwide.modes.profile import Decision

KEPT: Final = 50
"""Requests remembered."""


class AnswerSource(enum.StrEnum):
    """Where an answer came from."""

    MODEL = "model"
    """A generation of its own."""
    CACHE = "cache"
    """A suggestion that is typed through, or typed again."""
    IN_FLIGHT = "in flight"
    """A generation that an earlier request had started."""
    AHEAD = "ahead"
    """Nobody asked: a generation of an idle moment, for what may come next."""
    NONE = "none"
    """There is no answer, on purpose."""


@frozen(kw_only=True)
class Record:
    """One request, as ``leanwide.lastRequest`` shows it."""

    mode: str
    lane: str
    reason: str
    """Why the router chose as it did, and how the request ended."""
    source: AnswerSource
    experts: int
    prompt: str
    """The text that the model read, markers by name; "" where it read nothing."""
    answer: str
    """What the model said, as it would be shown where it was asked."""
    tokens_evaluated: int
    tokens_reused: int
    tokens_generated: int
    ms: dict[str, float]
    """Milliseconds per stage: queue, prompt and decode in the engine, other, total."""


@frozen(kw_only=True)
class GenerationRecord:
    """What a generation read and said."""

    source: AnswerSource
    prompt: str
    answer: str
    why_ended: str


def model_record(decision: Decision, said: GenerationRecord, stats: Stats, began: float) -> Record:
    """Describe a generation that ended now; ``began`` is its arrival by ``time.monotonic``."""
    total = 1000 * (time.monotonic() - began)
    return Record(
        mode=decision.mode,
        lane=stats.lane,
        reason=f"{decision.reason}; ended: {said.why_ended}",
        source=said.source,
        experts=stats.experts,
        prompt=said.prompt,
        answer=said.answer,
        tokens_evaluated=stats.tokens_evaluated,
        tokens_reused=stats.tokens_reused,
        tokens_generated=stats.tokens_generated,
        ms=_stages(total, stats.queue_ms, stats.prompt_ms, stats.decode_ms),
    )


def free_record(
    decision: Decision, source: AnswerSource, why: str, began: float, waited_ms: float = 0.0
) -> Record:
    """Describe an answer, or a silence, that cost the model nothing.

    It may have waited, for so many milliseconds, for what another request had started.
    """
    total = 1000 * (time.monotonic() - began)
    return Record(
        mode=decision.mode,
        lane=decision.lane,
        reason=f"{decision.reason}; {why}",
        source=source,
        experts=0,
        prompt="",
        answer="",
        tokens_evaluated=0,
        tokens_reused=0,
        tokens_generated=0,
        ms=_stages(total, waited_ms),
    )


def _stages(
    total: float, queue: float, prompt: float = 0.0, decode: float = 0.0
) -> dict[str, float]:
    """Milliseconds by stage, with what is left of the whole time for everything else."""
    other = max(0.0, total - queue - prompt - decode)
    ms = {"queue": queue, "prompt": prompt, "decode": decode, "other": other, "total": total}
    return {stage: round(value, 2) for stage, value in ms.items()}


class Journal:
    """The newest records, oldest first."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque(maxlen=KEPT)

    def add(self, record: Record) -> None:
        """Remember a request."""
        self._records.append(record)

    @property
    def records(self) -> tuple[Record, ...]:
        """What is remembered, newest last."""
        return tuple(self._records)
