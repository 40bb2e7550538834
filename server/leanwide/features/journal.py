"""The last requests: what was sent to the model, what it answered, and what that cost."""

from __future__ import annotations

import enum
import time
from collections import deque
from typing import Final

from attrs import frozen

from leanwide.engine.requests import Stats
from leanwide.modes.profile import Decision

MAX_RECORDS: Final = 50


class AnswerSource(enum.StrEnum):
    """Where an answer came from."""

    MODEL = "model"
    """A generation that the request started."""
    CACHE = "cache"
    """A suggestion that is typed through or typed again."""
    IN_FLIGHT = "in flight"
    """A generation that an earlier request had started."""
    AHEAD = "ahead"
    """A prefetch: no request asked for it."""
    HISTORY = "history"
    """A next edit that follows from what the user changed; the model was not asked."""
    JUDGED = "judged"
    """A next edit: the model measured how likely the changed text is at its place."""
    NONE = "none"
    """No answer, on purpose."""


@frozen(kw_only=True)
class Record:
    """One request, as ``leanwide.lastRequest`` shows it."""

    mode: str
    lane: str
    reason: str
    """Why the router decided as it did, and how the request ended."""
    source: AnswerSource
    experts: int
    prompt: str
    """What the model read, markers by name; "" where it read nothing."""
    answer: str
    """What the model said, after all filters."""
    tokens_evaluated: int
    tokens_reused: int
    tokens_generated: int
    tokens_drafted: int = 0
    """Tokens of texts that the answer might repeat, evaluated because they might follow."""
    tokens_accepted: int = 0
    """Those of them that the model generated."""
    ms: dict[str, float]
    """Milliseconds per stage: queue, prompt and decode in the engine, other, total."""


@frozen(kw_only=True)
class Generated:
    """What the model did for a request."""

    stats: Stats
    prompt: str
    """As text, markers by name."""
    answer: str
    """After all filters."""
    why_ended: str
    source: AnswerSource = AnswerSource.MODEL


def model_record(decision: Decision, generated: Generated, began: float) -> Record:
    """Describe a generation that ended now; ``began`` is its arrival by ``time.monotonic``."""
    stats, total = generated.stats, 1000 * (time.monotonic() - began)
    drafting = ""
    if stats.tokens_drafted:
        drafted, kept = stats.tokens_drafted, stats.tokens_accepted
        drafting = f"drafted {drafted:,} tokens from the code, {kept:,} kept; "
    return Record(
        mode=decision.mode,
        lane=stats.lane,
        reason=f"{decision.reason}; {drafting}ended: {generated.why_ended}",
        source=generated.source,
        experts=stats.experts,
        prompt=generated.prompt,
        answer=generated.answer,
        tokens_evaluated=stats.tokens_evaluated,
        tokens_reused=stats.tokens_reused,
        tokens_generated=stats.tokens_generated,
        tokens_drafted=stats.tokens_drafted,
        tokens_accepted=stats.tokens_accepted,
        ms=_stages(total, stats.queue_ms, stats.prompt_ms, stats.decode_ms),
    )


def no_cost_record(
    decision: Decision, source: AnswerSource, reason: str, began: float, waited_ms: float = 0.0
) -> Record:
    """Describe an answer, or a silence, for which the model did nothing.

    It may have waited ``waited_ms`` milliseconds for what another request had started.
    """
    return Record(
        mode=decision.mode,
        lane=decision.lane,
        reason=f"{decision.reason}; {reason}",
        source=source,
        experts=0,
        prompt="",
        answer="",
        tokens_evaluated=0,
        tokens_reused=0,
        tokens_generated=0,
        ms=_stages(1000 * (time.monotonic() - began), waited_ms),
    )


def _stages(
    total: float, queue: float, prompt: float = 0.0, decode: float = 0.0
) -> dict[str, float]:
    """Return milliseconds by stage; ``other`` is what is left of the total."""
    other = max(0.0, total - queue - prompt - decode)
    ms = {"queue": queue, "prompt": prompt, "decode": decode, "other": other, "total": total}
    return {stage: round(value, 2) for stage, value in ms.items()}


class Journal:
    """The newest records, oldest first."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque(maxlen=MAX_RECORDS)

    def add(self, record: Record) -> None:
        """Remember a request."""
        self._records.append(record)

    @property
    def records(self) -> tuple[Record, ...]:
        """The records, newest last."""
        return tuple(self._records)
