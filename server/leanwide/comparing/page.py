"""The comparison as one self-contained web page, in light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

import jinja2

from leanwide import __version__
from leanwide.comparing.compare import MAXIMUM, SMART
from leanwide.comparing.plot import Plot, Point, draw
from leanwide.comparing.report import (
    HEADINGS,
    MEANING,
    Comparison,
    Row,
    energy,
    sections,
    verdict,
)


def page(comparison: Comparison) -> str:
    """Return the page's HTML."""
    environment = jinja2.Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True)
    text = resources.files("leanwide.comparing").joinpath("page.html.jinja").read_text("utf-8")
    contest = comparison.contest
    return environment.from_string(text).render(
        version=__version__,
        day=comparison.day,
        machine=comparison.machine,
        model=contest.header.name,
        folder=contest.repository.folder.name,
        visits=comparison.visits,
        places=comparison.places,
        files=contest.repository.files,
        no_energy=contest.meter.reason,
        energy=energy(comparison),
        verdict=verdict(comparison),
        meaning={name: MEANING[name] for name in comparison.named},
        headings=HEADINGS,
        sections=[
            (title, [(row.name, cells) for row, cells in rows])
            for title, rows in sections(comparison)
        ],
        plots=_plots(comparison),
    )


def _plots(comparison: Comparison) -> list[tuple[str, str]]:
    """Return a heading and an SVG element for each plot of more than one setting."""
    smart = comparison.named[SMART].setting
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
        for row in comparison.named.values()
        if row.name == MAXIMUM or row.setting not in shown
    ]
    return Plot(
        series=series,
        others=others,
        x_title="milliseconds to a suggestion at a new place (lower is better; bars: quartiles)",
        y_title="NLL as typed against the maximum (lower is better)",
        summary=f"{title}: quality against time. The table below has the figures.",
    )


def _point(row: Row, label: str, style: str) -> Point:
    return Point(
        label=label,
        style=style,
        x=row.new_place.ms,
        x_low=row.new_place.quick_ms,
        x_high=row.new_place.slow_ms,
        y=row.typed.against_maximum.mean,
        y_low=row.typed.against_maximum.low,
        y_high=row.typed.against_maximum.high,
    )
