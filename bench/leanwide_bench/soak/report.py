"""A soak's figures as tables and as JSON data."""

from __future__ import annotations

from typing import Any, Final

import attrs
from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide import __version__
from leanwide_bench.soak.soak import SoakOutcome

_MEGABYTE: Final = 1e6


def as_data(outcome: SoakOutcome) -> dict[str, Any]:
    """Return the outcome as JSON data; units are in the names."""
    tally, plan = outcome.tally, outcome.plan
    return {
        "leanwide": __version__,
        "model": (outcome.status.get("model") or {}).get("name"),
        "seconds": plan.seconds,
        "warm_up_s": outcome.warm_up_s,
        "seed": plan.seed,
        **attrs.asdict(tally),
        "levels": [{**attrs.asdict(level), "growth": level.growth} for level in outcome.levels],
    }


def as_tables(outcome: SoakOutcome) -> tuple[Table, ...]:
    """Return a table of the work done and one of each figure's level."""
    return _work(outcome), _levels(outcome)


def _work(outcome: SoakOutcome) -> Table:
    tally = outcome.tally
    table = Table("", "count", box=SIMPLE_HEAD, title="What was done")
    table.columns[1].justify = "right"
    rows = {
        "documents opened, worked on and closed": tally.visits,
        "keys": tally.keys,
        "requests for a completion": tally.requests,
        "suggestions shown": tally.shown,
        "questions asked": tally.inquiries,
        "questions answered (others: cancelled, refused)": tally.answered_inquiries,
        "engine killed": tally.struck.kills,
        "engine stopped and continued": tally.struck.stops,
        "requests never answered": tally.unanswered,
        "requests answered twice": tally.answered_twice,
        **{f"error {text}": count for text, count in tally.errors.most_common()},
    }
    for text, count in rows.items():
        table.add_row(text, f"{count:,}")
    return table


def _levels(outcome: SoakOutcome) -> Table:
    title = f"Level after {outcome.warm_up_s / 60:.0f} minutes and at the end"
    table = Table("", "first", "last", "growth", "most", box=SIMPLE_HEAD, title=title)
    for column in table.columns[1:]:
        column.justify = "right"
    for level in outcome.levels:
        figures = (level.first, level.last, level.most)
        first, last, most = (_figure(level.name, figure) for figure in figures)
        growth = f"{100 * level.growth:+.1f} %"
        table.add_row(level.name.replace("_", " "), first, last, growth, most)
    return table


def _figure(name: str, value: float) -> str:
    return f"{value / _MEGABYTE:,.1f} MB" if name.endswith("_rss") else f"{value:g}"
