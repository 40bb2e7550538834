"""What was asked, summed up: quality, the prompt, and what a person waited for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean, median, quantiles

from attrs import frozen

from leanwide.tuning.deciding import PairedSample
from leanwide.tuning.trial import RequestOutcome
from leanwide.tuning.visits import VisitMoment


@frozen(kw_only=True)
class SettingFigures:
    """What a setting gave."""

    requests: int
    nll: float
    """Mean negative log probability of the truth, in nats per token."""
    exact: float
    """Share of suggestions whose first line is the true one."""
    similarity: float
    """Mean edit similarity of first lines, 0 to 1."""
    quick_ms: float
    """A quarter of the suggestions come sooner."""
    ms: float
    """From the request to the suggestion, median."""
    slow_ms: float
    """A quarter of the suggestions come later."""
    evaluated: float
    """Tokens that were evaluated for a request before its first new one, median."""
    prompt_tokens: float
    """Tokens in the prompt, median."""


def figures(asked: Sequence[RequestOutcome]) -> SettingFigures | None:
    """Sum up what one setting gave; None where there is nothing."""
    if not asked:
        return None
    times = [one.ms for one in asked]
    quick, ms, slow = quantiles(times, n=4, method="inclusive") if len(times) > 1 else 3 * times
    return SettingFigures(
        requests=len(asked),
        nll=sum(one.nats for one in asked) / max(1, sum(one.tokens for one in asked)),
        exact=fmean(one.exact for one in asked),
        similarity=fmean(one.similarity for one in asked),
        quick_ms=quick,
        ms=ms,
        slow_ms=slow,
        evaluated=median(one.evaluated for one in asked),
        prompt_tokens=median(one.prompt_tokens for one in asked),
    )


def at_moment(when: VisitMoment, asked: Iterable[RequestOutcome]) -> list[RequestOutcome]:
    """Give what was asked at such moments."""
    return [one for one in asked if one.when is when]


def samples(asked: Iterable[RequestOutcome]) -> dict[str, PairedSample]:
    """Give what decides, by place: what was asked at the same one is no evidence of its own."""
    found: dict[str, PairedSample] = {}
    for one in asked:
        known = found.get(one.place, PairedSample(0, 0.0))
        found[one.place] = PairedSample(known.tokens + one.tokens, known.nats + one.nats)
    return found
