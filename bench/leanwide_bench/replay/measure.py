"""Figures of what a replay did."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from attrs import frozen

from leanwide_bench.replay.typist import PlayedTrace, RequestSample

_CANCELLED_CODES: Final = (-32800, -32801, -32802)
"""Error codes of cancelled requests."""
_PREFETCH_SOURCES: Final = ("ahead", "background")
"""Sources of a generation that no request asked for."""

Record = Mapping[str, Any]
"""An entry of ``leanwide.lastRequest``."""


@frozen(kw_only=True)
class Spread:
    """Percentiles of some figures, by nearest rank."""

    count: int
    p50: float
    p95: float
    p99: float
    max: float


@frozen(kw_only=True)
class ReplayRun:
    """One trace, played once."""

    played: PlayedTrace
    records: Sequence[Record]
    never_answered: int
    answered_twice: int


@frozen(kw_only=True)
class AnswerFigures:
    """The requests of some runs and their answers. A spread of nothing is None."""

    requests: int
    retired_requests: int
    """Superseded by a newer request, a move or another file before they were answered."""
    shown_answers: int
    empty_answers: int
    """Of requests that were not retired."""
    failed_answers: int
    """Errors other than a cancellation."""
    never_answered_requests: int
    answered_twice_requests: int
    first_answer_ms: Spread | None
    """Of the first request of each run, whose prompt is not in the KV cache."""
    key_to_answer_ms: Spread | None
    """From the key to the answer, the editor's debounce included, without retired requests."""
    request_to_answer_ms: Spread | None
    typed_through_answer_ms: Spread | None
    """From the key to the answer if the key matched the ghost text."""


@frozen(kw_only=True)
class WorkFigures:
    """What the server accounts for in its records, work ahead of requests left out."""

    first_token_ms: Spread | None
    """From the request's arrival in the server to its first generated token; of requests that the
    model generated for."""
    records: int
    records_by_source: dict[str, int]
    """All of them, work ahead included."""
    cache_answers: int
    """Records of answers that were known before."""
    tokens_evaluated: Spread | None
    """Per record, also those of 0 tokens."""
    tokens_reused: Spread | None
    tokens_generated: Spread | None
    stages_ms: dict[str, Spread]
    """Per record and stage; waiting for an earlier request's generation is part of the queue."""


@frozen(kw_only=True)
class ReplaySummary:
    """The figures of one or several runs."""

    runs: int
    keys: int
    """Keys that changed the text."""
    typed_through_keys: int
    """Keys that matched the ghost text."""
    accepted: int
    nothing_to_accept: int
    tokens_evaluated_per_key: float | None
    """All evaluated tokens by all keys."""
    answers: AnswerFigures
    work: WorkFigures

    @property
    def misanswered_requests(self) -> int:
        """Number of requests that were not answered exactly once."""
        return self.answers.never_answered_requests + self.answers.answered_twice_requests


def spread(values: Iterable[float]) -> Spread | None:
    """Return the percentiles of some values; None if there are none."""
    ranked = sorted(values)
    if not ranked:
        return None

    def rank(share: float) -> float:
        return round(ranked[math.ceil(share * len(ranked)) - 1], 3)

    return Spread(count=len(ranked), p50=rank(0.5), p95=rank(0.95), p99=rank(0.99), max=rank(1.0))


def summarize(runs: Sequence[ReplayRun]) -> ReplaySummary:
    """Return the figures over all keys, requests and records of some runs."""
    played = [run.played for run in runs]
    every_record = [record for run in runs for record in run.records]
    records = [record for record in every_record if record.get("source") not in _PREFETCH_SOURCES]
    keys = sum(trace.keys for trace in played)
    evaluated = sum(record["tokensEvaluated"] for record in records)
    return ReplaySummary(
        runs=len(runs),
        keys=keys,
        typed_through_keys=sum(trace.typed_through for trace in played),
        accepted=sum(trace.accepted for trace in played),
        nothing_to_accept=sum(trace.nothing_to_accept for trace in played),
        tokens_evaluated_per_key=round(evaluated / keys, 3) if keys else None,
        answers=_answers(runs),
        work=_work(records, every_record),
    )


def _answers(runs: Sequence[ReplayRun]) -> AnswerFigures:
    samples = [sample for run in runs for sample in run.played.samples]
    answered = [sample for sample in samples if sample.reply is not None and not sample.retired]
    firsts = [run.played.samples[0] for run in runs if run.played.samples]
    return AnswerFigures(
        requests=len(samples),
        retired_requests=sum(sample.retired for sample in samples),
        shown_answers=sum(bool(sample.items) for sample in answered),
        empty_answers=sum(not sample.items and not failed(sample) for sample in answered),
        failed_answers=sum(map(failed, samples)),
        never_answered_requests=sum(run.never_answered for run in runs),
        answered_twice_requests=sum(run.answered_twice for run in runs),
        first_answer_ms=spread(_ms(sample) for sample in firsts if sample in answered),
        key_to_answer_ms=spread(map(_ms, answered)),
        request_to_answer_ms=spread(_ms(sample, sample.sent_at) for sample in answered),
        typed_through_answer_ms=spread(_ms(sample) for sample in answered if sample.typed_through),
    )


def _work(records: Sequence[Record], every_record: Sequence[Record]) -> WorkFigures:
    sources = (str(record.get("source", "unknown")) for record in every_record)
    return WorkFigures(
        first_token_ms=spread(_first_token_ms(records)),
        records=len(records),
        records_by_source=dict(Counter(sources)),
        cache_answers=sum(map(from_cache, records)),
        tokens_evaluated=spread(record["tokensEvaluated"] for record in records),
        tokens_reused=spread(record["tokensReused"] for record in records),
        tokens_generated=spread(record["tokensGenerated"] for record in records),
        stages_ms=_stages(records),
    )


def from_cache(record: Record) -> bool:
    """Whether a record's answer was known before."""
    if "source" in record:
        return "cache" in str(record["source"])
    free = not record["tokensEvaluated"] and not record["tokensGenerated"]
    return free and bool(record.get("answer"))


def failed(sample: RequestSample) -> bool:
    """Whether the answer is an error other than a cancellation."""
    error = sample.reply.error if sample.reply is not None else None
    return error is not None and error.get("code") not in _CANCELLED_CODES


def _ms(sample: RequestSample, since: float | None = None) -> float:
    """Return the milliseconds from the key, or from ``since``, to the answer."""
    assert sample.reply is not None  # noqa: S101  # only called for answered requests
    return 1000 * (sample.reply.at - (sample.key_at if since is None else since))


def _first_token_ms(records: Sequence[Record]) -> list[float]:
    found = []
    for record in records:
        tokens, ms = record["tokensGenerated"], record["ms"]
        if tokens and "total" in ms and "decode" in ms:
            found.append(ms["total"] - ms["decode"] * (tokens - 1) / tokens)
    return found


def _stages(records: Sequence[Record]) -> dict[str, Spread]:
    stages = [record["ms"] for record in records]
    names = dict.fromkeys(name for ms in stages for name in ms)
    found = {name: spread(ms[name] for ms in stages if name in ms) for name in names}
    return {name: figures for name, figures in found.items() if figures is not None}
