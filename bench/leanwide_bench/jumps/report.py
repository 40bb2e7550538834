"""What jumps cost, as a table and as JSON data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Final

import attrs
from attrs import frozen
from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide import __version__
from leanwide_bench.jumps.asking import JumpsOutcome, Return
from leanwide_bench.replay.measure import spread

_MOST_EVALUATED: Final = 200
_LEAST_AROUND: Final = 1_000
_MOST_RETURN_S: Final = 3.0


@frozen(kw_only=True)
class JumpFigure:
    """A figure over all jumps."""

    least: float
    p50: float
    p95: float


@frozen(kw_only=True)
class JumpsSummary:
    """The figures of a file. A figure of nothing is None."""

    jumps: int
    suggestions: int
    """Jumps with a suggestion."""
    asked: int
    """Jumps at which the model was asked; tokens are counted there."""
    wide: int
    """Jumps among them with at least 1,000 tokens around the cursor."""
    tokens_evaluated: JumpFigure | None
    tokens_reused: JumpFigure | None
    tokens_around: JumpFigure | None
    ms: JumpFigure | None


def summary(outcome: JumpsOutcome) -> JumpsSummary:
    """Return the figures over all jumps."""
    costs = [at.cost for at in outcome.jumps if at.cost is not None]
    return JumpsSummary(
        jumps=len(outcome.jumps),
        suggestions=sum(bool(at.suggestion.strip()) for at in outcome.jumps),
        asked=len(costs),
        wide=sum(cost.around >= _LEAST_AROUND for cost in costs),
        tokens_evaluated=_figure(cost.evaluated for cost in costs),
        tokens_reused=_figure(cost.reused for cost in costs),
        tokens_around=_figure(cost.around for cost in costs),
        ms=_figure(at.ms for at in outcome.jumps if at.suggestion.strip()),
    )


def as_data(outcome: JumpsOutcome) -> dict[str, Any]:
    """Return the figures and all answers as JSON data; units are in the names."""
    return {
        "leanwide": __version__,
        "model": outcome.model,
        "file": outcome.plan.name,
        "open_s": outcome.plan.open_s,
        "pause_s": outcome.plan.pause_s,
        "leave_s": outcome.plan.leave_s,
        **attrs.asdict(summary(outcome)),
        "answers": [attrs.asdict(at) for at in outcome.jumps],
        "back": attrs.asdict(outcome.back),
    }


def as_table(outcome: JumpsOutcome) -> Table:
    """Return a table with a row for each figure, and what is wanted of it."""
    found, plan = summary(outcome), outcome.plan
    table = Table(
        *("", "least", "p50", "p95", "wanted"),
        box=SIMPLE_HEAD,
        title=f"{found.jumps} jumps in {plan.name}, open for {plan.open_s:g} s: "
        f"a suggestion at {found.suggestions}",
    )
    for column in table.columns[1:]:
        column.justify = "right"
    rows = {
        "tokens evaluated before the first new one": (
            found.tokens_evaluated,
            f"p50 ≤ {_MOST_EVALUATED}",
        ),
        "tokens found in the KV cache": (found.tokens_reused, ""),
        "tokens of the file around the cursor, in one run": (
            found.tokens_around,
            f"≥ {_LEAST_AROUND:,}",
        ),
        "ms from the request to the suggestion": (found.ms, ""),
    }
    for name, (figure, wanted) in rows.items():
        table.add_row(name, *_cells(figure), wanted)
    for name, value, wanted in _back_rows(outcome.back):
        table.add_row(f"opened again: {name}", "", value, "", wanted)
    table.caption = (
        f"The model was asked at {found.asked} of the places, "
        f"with {_LEAST_AROUND:,} tokens around the cursor or more at {found.wide}"
    )
    return table


def _back_rows(back: Return) -> Iterator[tuple[str, str, str]]:
    """Yield name, value and what is wanted of each figure of the reopened file."""
    answer = back.answer
    shown = "" if answer.suggestion.strip() else " (none)"
    yield "s until the model is loaded", f"{back.loaded_s:.1f}", ""
    yield (
        f"s from there to the suggestion{shown}",
        f"{answer.ms / 1000:.2f}",
        f"≤ {_MOST_RETURN_S:g}",
    )
    if answer.cost is not None:
        yield "tokens evaluated", f"{answer.cost.evaluated:,}", ""
        yield "tokens found in the KV cache", f"{answer.cost.reused:,}", ""


def _figure(values: Iterable[float]) -> JumpFigure | None:
    ranked = list(values)
    found = spread(ranked)
    if found is None:
        return None
    return JumpFigure(least=min(ranked), p50=found.p50, p95=found.p95)


def _cells(figure: JumpFigure | None) -> tuple[str, ...]:
    if figure is None:
        return ("-", "-", "-")
    return tuple(f"{value:,.0f}" for value in (figure.least, figure.p50, figure.p95))
