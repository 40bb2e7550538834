"""From what happened to figures."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from leanwide_bench.replay.typist import PlayedTrace, RequestSample

_CANCELLED_CODES: Final = (-32800, -32801, -32802)
"""Error codes that say no more than that a request was given up."""
_PREFETCH_SOURCES: Final = ("ahead", "background")
"""Sources of a generation that nobody had asked for yet."""


@frozen(kw_only=True)
class Spread:
    """How some figures are spread, by nearest rank."""

    count: int
    p50: float
    p95: float
    p99: float
    max: float


@frozen(kw_only=True)
class ReplayRun:
    """One trace, played once."""

    played: PlayedTrace
    records: Sequence[Mapping[str, Any]]
    """What ``leanwide.lastRequest`` said."""
    never_answered: int
    answered_twice: int


@frozen(kw_only=True)
class ReplaySummary:
    """The figures of one or several runs. Where there is nothing to measure, None."""

    runs: int
    keys: int
    """Keys that changed the text."""
    requests: int
    retired_requests: int
    """Replaced by a newer request, a move or another file before they were answered."""
    shown_answers: int
    empty_answers: int
    """Of requests that were not retired."""
    failed_answers: int
    """Errors that say more than that a request was given up."""
    never_answered_requests: int
    answered_twice_requests: int
    typed_through_keys: int
    """Keys that matched the ghost text."""
    accepted: int
    nothing_to_accept: int
    first_answer_ms: Spread | None
    """Of the first request of each run, for which nothing was evaluated before."""
    key_to_answer_ms: Spread | None
    """From the key to the answer, an editor's debounce included; retired requests left out."""
    request_to_answer_ms: Spread | None
    typed_through_answer_ms: Spread | None
    """From the key to the answer where the key matched the ghost text."""
    first_token_ms: Spread | None
    """From the request's arrival in the server to the first new token: what the stages add up to
    without the decoding of the tokens after it. Of requests that had the model generate."""
    records: int
    """Entries of ``leanwide.lastRequest``: what the server accounts for. What it did ahead of any
    request counts as well, and in all that follows, unless its source says so."""
    records_by_source: dict[str, int]
    """All of them, work ahead by its name too."""
    cache_answers: int
    """Records that were answered from what was known before."""
    tokens_evaluated: Spread | None
    """Per record, records that cost nothing included."""
    tokens_reused: Spread | None
    tokens_generated: Spread | None
    tokens_evaluated_per_key: float | None
    """All evaluated tokens by all keys."""
    stages_ms: dict[str, Spread]
    """Per record, for each stage that the server names; waiting for an earlier request's
    generation is part of the queue."""

    @property
    def unfair_requests(self) -> int:
        """Requests that were not answered exactly once."""
        return self.never_answered_requests + self.answered_twice_requests


def spread(values: Iterable[float]) -> Spread | None:
    """Sum values up; None where there are none."""
    ranked = sorted(values)
    if not ranked:
        return None

    def rank(share: float) -> float:
        return round(ranked[math.ceil(share * len(ranked)) - 1], 3)

    return Spread(count=len(ranked), p50=rank(0.5), p95=rank(0.95), p99=rank(0.99), max=rank(1.0))


def summarize(runs: Sequence[ReplayRun]) -> ReplaySummary:
    """Sum runs up, all their requests together."""
    samples = [sample for run in runs for sample in run.played.samples]
    everything = [record for run in runs for record in run.records]
    records = [record for record in everything if record.get("source") not in _PREFETCH_SOURCES]
    answered = [sample for sample in samples if sample.reply is not None and not sample.retired]
    firsts = [run.played.samples[0] for run in runs if run.played.samples]
    keys = sum(run.played.keys for run in runs)
    evaluated = [record["tokensEvaluated"] for record in records]
    return ReplaySummary(
        runs=len(runs),
        keys=keys,
        requests=len(samples),
        retired_requests=sum(sample.retired for sample in samples),
        shown_answers=sum(bool(sample.items) for sample in answered),
        empty_answers=sum(not sample.items and not failed(sample) for sample in answered),
        failed_answers=sum(failed(sample) for sample in samples),
        never_answered_requests=sum(run.never_answered for run in runs),
        answered_twice_requests=sum(run.answered_twice for run in runs),
        typed_through_keys=sum(run.played.typed_through for run in runs),
        accepted=sum(run.played.accepted for run in runs),
        nothing_to_accept=sum(run.played.nothing_to_accept for run in runs),
        first_answer_ms=spread(_ms(sample) for sample in firsts if sample in answered),
        key_to_answer_ms=spread(map(_ms, answered)),
        request_to_answer_ms=spread(_ms(sample, sample.sent_at) for sample in answered),
        typed_through_answer_ms=spread(_ms(one) for one in answered if one.typed_through),
        first_token_ms=spread(_first_token_ms(records)),
        records=len(records),
        records_by_source=dict(Counter(str(one.get("source", "unknown")) for one in everything)),
        cache_answers=sum(map(from_cache, records)),
        tokens_evaluated=spread(evaluated),
        tokens_reused=spread(record["tokensReused"] for record in records),
        tokens_generated=spread(record["tokensGenerated"] for record in records),
        tokens_evaluated_per_key=round(sum(evaluated) / keys, 3) if keys else None,
        stages_ms=_stages(records),
    )


def from_cache(record: Mapping[str, Any]) -> bool:
    """Whether a record says that its answer was known before."""
    if "source" in record:
        return "cache" in str(record["source"])
    free = not record["tokensEvaluated"] and not record["tokensGenerated"]
    return free and bool(record.get("answer"))


def failed(sample: RequestSample) -> bool:
    """Whether the answer is an error that says more than that the request was given up."""
    error = sample.reply.error if sample.reply is not None else None
    return error is not None and error.get("code") not in _CANCELLED_CODES


def _ms(sample: RequestSample, since: float | None = None) -> float:
    assert sample.reply is not None  # noqa: S101  # asked of answered requests only
    return 1000 * (sample.reply.at - (sample.key_at if since is None else since))


def _first_token_ms(records: Sequence[Mapping[str, Any]]) -> list[float]:
    found = []
    for record in records:
        tokens, ms = record["tokensGenerated"], record["ms"]
        if tokens and "total" in ms and "decode" in ms:
            found.append(ms["total"] - ms["decode"] * (tokens - 1) / tokens)
    return found


def _stages(records: Sequence[Mapping[str, Any]]) -> dict[str, Spread]:
    stages = [record["ms"] for record in records]
    names = dict.fromkeys(name for ms in stages for name in ms)
    found = {name: spread(ms[name] for ms in stages if name in ms) for name in names}
    return {name: figures for name, figures in found.items() if figures is not None}
