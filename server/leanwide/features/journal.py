"""The last requests and what they cost: nothing that was sent to the model is a secret."""

from __future__ import annotations

from collections import deque
from typing import Final

from attrs import frozen

from leanwide.engine.base import FinishReason, Stats
from leanwide.modes.profile import Decision

KEPT: Final = 50
"""Requests remembered."""


@frozen(kw_only=True)
class Record:
    """One request, as ``leanwide.lastRequest`` shows it."""

    mode: str
    lane: str
    reason: str
    """Why the router chose as it did, and how the request ended."""
    experts: int
    prompt: str
    """The text that the model read, markers by name."""
    answer: str
    """What was shown; "" where nothing was."""
    tokens_evaluated: int
    tokens_reused: int
    tokens_generated: int
    ms: dict[str, float]
    """Milliseconds per stage: context, queue, prompt, decode, total."""


def record(
    decision: Decision, prompt: str, answer: str, finish: FinishReason, stats: Stats, ms: float
) -> Record:
    """Describe a finished request; ``ms`` is the time it took as a whole."""
    engine_ms = stats.queue_ms + stats.prompt_ms + stats.decode_ms
    return Record(
        mode=decision.mode,
        lane=stats.lane,
        reason=f"{decision.reason}; ended by {finish}",
        experts=stats.experts,
        prompt=prompt,
        answer=answer,
        tokens_evaluated=stats.tokens_evaluated,
        tokens_reused=stats.tokens_reused,
        tokens_generated=stats.tokens_generated,
        ms={
            "queue": round(stats.queue_ms, 1),
            "prompt": round(stats.prompt_ms, 1),
            "decode": round(stats.decode_ms, 1),
            "other": round(max(0.0, ms - engine_ms), 1),
            "total": round(ms, 1),
        },
    )


class Journal:
    """The newest records, oldest first."""

    def __init__(self) -> None:
        self._records: deque[Record] = deque(maxlen=KEPT)

    def add(self, entry: Record) -> None:
        """Remember a request."""
        self._records.append(entry)

    @property
    def records(self) -> tuple[Record, ...]:
        """What is remembered, newest last."""
        return tuple(self._records)
