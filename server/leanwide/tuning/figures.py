"""Summary figures of requests: quality, prompt size and waiting time. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean, median, quantiles

from attrs import frozen

from leanwide.tuning.deciding import PairedSample
from leanwide.tuning.trial import RequestOutcome
from leanwide.tuning.visits import VisitMoment


@frozen(kw_only=True)
class SettingFigures:
    """The figures of one setting."""

    requests: int
    nll: float
    """Mean negative log probability of the truth, in nats per token."""
    exact: float
    """Share of suggestions whose first line is the true one."""
    similarity: float
    """Mean edit similarity of first lines, 0 to 1."""
    quick_ms: float
    """First quartile."""
    ms: float
    """From the request to the suggestion, median."""
    slow_ms: float
    """Third quartile."""
    evaluated: float
    """Prompt tokens that were evaluated for a request, median."""
    prompt_tokens: float
    """Tokens in the prompt, median."""


def figures(asked: Sequence[RequestOutcome]) -> SettingFigures | None:
    """Return the figures of some requests; None if there are none."""
    if not asked:
        return None
    times = [request.ms for request in asked]
    quick, ms, slow = quantiles(times, n=4, method="inclusive") if len(times) > 1 else 3 * times
    return SettingFigures(
        requests=len(asked),
        nll=sum(request.nats for request in asked)
        / max(1, sum(request.tokens for request in asked)),
        exact=fmean(request.exact for request in asked),
        similarity=fmean(request.similarity for request in asked),
        quick_ms=quick,
        ms=ms,
        slow_ms=slow,
        evaluated=median(request.evaluated for request in asked),
        prompt_tokens=median(request.prompt_tokens for request in asked),
    )


def at_moment(when: VisitMoment, asked: Iterable[RequestOutcome]) -> list[RequestOutcome]:
    """Return the requests of one kind of moment."""
    return [request for request in asked if request.when is when]


def samples(asked: Iterable[RequestOutcome]) -> dict[str, PairedSample]:
    """Return one sample per place: requests at the same place are not independent."""
    found: dict[str, PairedSample] = {}
    for request in asked:
        known = found.get(request.place, PairedSample(0, 0.0))
        found[request.place] = PairedSample(
            known.tokens + request.tokens, known.nats + request.nats
        )
    return found
