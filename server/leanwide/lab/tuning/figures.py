"""Outcomes summed up: quality, speed, and what a person waits for. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from statistics import fmean, median
from typing import Final

from attrs import frozen

from leanwide.lab.tuning.trial import Outcome

_PROMPT_TOKENS: Final = 32
"""A prompt with fewer tokens says more of the overhead than of the speed."""
_ANSWER_TOKENS: Final = 4


@frozen(kw_only=True)
class Figures:
    """What a setting gave. Speeds are None where no run was long enough to tell."""

    holes: int
    nll: float
    """Mean negative log probability of the truth, in nats per token."""
    exact: float
    """Share of completions whose first line is the true one."""
    similarity: float
    """Mean edit similarity of first lines, 0 to 1."""
    parses: float
    """Share of completions after which the file parses as well as with the truth."""
    prompt_tokens: float
    """Tokens of a prompt, median."""
    prompt_per_second: float | None
    """Prompt tokens per second, median."""
    decode_per_second: float | None
    new_place_ms: float
    """From the question to the suggestion where nothing was evaluated before, median."""
    key_ms: float | None
    """The same while typing on, by model: one token is evaluated, and the answer is decoded."""
    joules: float | None
    """Energy for a suggestion at a new place, median; None where the machine does not tell."""


def figures(outcomes: Sequence[Outcome]) -> Figures | None:
    """Sum up what one setting gave; None where there is nothing."""
    if not outcomes:
        return None
    decode = _rate(
        (one.generated_tokens, one.decode_ms)
        for one in outcomes
        if one.generated_tokens >= _ANSWER_TOKENS
    )
    answer = median(one.generated_tokens for one in outcomes)
    return Figures(
        holes=len(outcomes),
        nll=sum(one.nats for one in outcomes) / max(1, sum(one.tokens for one in outcomes)),
        exact=fmean(one.exact for one in outcomes),
        similarity=fmean(one.similarity for one in outcomes),
        parses=fmean(one.parses for one in outcomes),
        prompt_tokens=median(one.prompt_tokens for one in outcomes),
        prompt_per_second=_rate(
            (one.prompt_tokens, one.prompt_ms)
            for one in outcomes
            if one.prompt_tokens >= _PROMPT_TOKENS
        ),
        decode_per_second=decode,
        new_place_ms=median(one.total_ms for one in outcomes),
        key_ms=1000 * (1 + answer) / decode if decode else None,
        joules=median(known) if (known := _known(outcomes)) else None,
    )


def _known(outcomes: Sequence[Outcome]) -> list[float]:
    return [one.joules for one in outcomes if one.joules is not None]


def _rate(runs: Iterable[tuple[int, float]]) -> float | None:
    rates = [1000 * tokens / ms for tokens, ms in runs if ms > 0]
    return median(rates) if rates else None
