"""The comparison as one web page that needs nothing else, in light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

import jinja2

from leanwide import __version__
from leanwide.lab.comparing.comparing import DEFAULTS, MAXIMUM, SMART
from leanwide.lab.comparing.plot import Plot, Point, draw
from leanwide.lab.comparing.report import MEANING, Comparison, Row, headings, row_cells, verdict


def page(comparison: Comparison) -> str:
    """Give the page's HTML."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text = resources.files("leanwide.lab.comparing").joinpath("page.html.jinja").read_text("utf-8")
    contest = comparison.contest
    return environment.from_string(text).render(
        version=__version__,
        day=comparison.day,
        machine=comparison.machine,
        model=contest.header.name,
        folder=contest.repository.folder.name,
        holes=comparison.holes,
        files=contest.repository.files,
        energy=contest.meter.reason,
        verdict=verdict(comparison),
        meaning=MEANING,
        headings=headings(comparison),
        rows=[(row.name, row_cells(row)) for row in comparison.rows],
        plots=_plots(comparison),
    )


def _plots(comparison: Comparison) -> list[tuple[str, str]]:
    """A heading and an SVG element for each question that there is something to see of."""
    smart = comparison.named(SMART).setting
    experts = (
        f"Expert counts, {smart.context_tokens} tokens of context",
        comparison.by_experts,
        [f"{row.setting.experts}" for row in comparison.by_experts],
    )
    context = (
        f"Context sizes, {smart.experts} experts" if smart.experts else "Context sizes",
        comparison.by_context,
        [f"{row.setting.context_tokens}" for row in comparison.by_context],
    )
    return [
        (title, draw(_plot(comparison, title, rows, labels)))
        for title, rows, labels in (experts, context)
        if len(rows) > 1
    ]


def _plot(comparison: Comparison, title: str, rows: Sequence[Row], labels: Sequence[str]) -> Plot:
    series = [
        _point(row, f"{label}, smart" if row.name == SMART else label, row.name or "between")
        for row, label in zip(rows, labels, strict=True)
    ]
    shown = {row.setting for row in rows}
    others = [
        _point(row, row.name, row.name)
        for row in map(comparison.named, (MAXIMUM, DEFAULTS))
        if row.name == MAXIMUM or row.setting not in shown
    ]
    return Plot(
        series=series,
        others=others,
        x_title="milliseconds to a suggestion at a new place (lower is better; bars: quartiles)",
        y_title="NLL beside smart (lower is better)",
        summary=f"{title}: quality against time. The table below has the figures.",
    )


def _point(row: Row, label: str, style: str) -> Point:
    return Point(
        label=label,
        style=style,
        x=row.figures.new_place_ms,
        x_low=row.quick_ms,
        x_high=row.slow_ms,
        y=row.beside.mean,
        y_low=row.beside.low,
        y_high=row.beside.high,
    )
