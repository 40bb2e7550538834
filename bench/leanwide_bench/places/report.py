"""The suggestions at places as a table and as JSON data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
from attrs import frozen
from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide import __version__
from leanwide_bench.places.asking import PlaceAnswers, PlaceSuggestion
from leanwide_bench.replay.measure import Spread, spread


@frozen(kw_only=True)
class PlaceFigures:
    """The figures of one server at all places."""

    suggestions: int
    """Places with a suggestion."""
    exact: int
    """Places where its first line is the true one."""
    ms: Spread | None
    """Time of the answers with a suggestion."""


@frozen(kw_only=True)
class PlacesSummary:
    """Both servers at the same places."""

    places: int
    first: PlaceFigures
    later: PlaceFigures
    peer: PlaceFigures | None
    both: int | None
    """Places with a suggestion from leanwide, at the first request, and from the llama-server."""


def summary(answered: Sequence[PlaceAnswers]) -> PlacesSummary:
    """Return the figures of both servers."""
    pairs = [(at.first, at.peer) for at in answered if at.peer is not None]
    return PlacesSummary(
        places=len(answered),
        first=_figures([(at.first, at.place.truth) for at in answered]),
        later=_figures([(at.later, at.place.truth) for at in answered]),
        peer=_figures([(at.peer, at.place.truth) for at in answered if at.peer]) if pairs else None,
        both=sum(bool(first.text.strip() and peer.text.strip()) for first, peer in pairs)
        if pairs
        else None,
    )


def as_data(found: PlacesSummary, answered: Sequence[PlaceAnswers], model: str) -> dict[str, Any]:
    """Return the figures and all suggestions as JSON data; units are in the names."""
    return {
        "leanwide": __version__,
        "model": model,
        **attrs.asdict(found),
        "answers": [
            {
                "place": at.place.name,
                "line": at.place.cursor[0] + 1,
                "truth": at.place.truth,
                "first": attrs.asdict(at.first),
                "later": attrs.asdict(at.later),
                "peer": None if at.peer is None else attrs.asdict(at.peer),
            }
            for at in answered
        ],
    }


def as_table(found: PlacesSummary) -> Table:
    """Return a table with a row for each server and request."""
    table = Table(
        *("", "suggestions", "exact line", "p50 ms", "p95 ms"),
        box=SIMPLE_HEAD,
        title=f"First requests at {found.places} places",
    )
    for column in table.columns[1:]:
        column.justify = "right"
    rows = {"leanwide": found.first, "leanwide, asked again": found.later}
    if found.peer is not None:
        rows["llama-server"] = found.peer
    for name, figures in rows.items():
        table.add_row(
            name,
            _share(figures.suggestions, found.places),
            _share(figures.exact, found.places),
            *((f"{figures.ms.p50:,.0f}", f"{figures.ms.p95:,.0f}") if figures.ms else ()),
        )
    if found.peer is not None and found.both is not None:
        share = _share(found.both, found.peer.suggestions)
        table.caption = f"leanwide has a suggestion at {share} of llama-server's"
    return table


def _figures(suggestions: Sequence[tuple[PlaceSuggestion, str]]) -> PlaceFigures:
    shown = [suggestion for suggestion, _ in suggestions if suggestion.text.strip()]
    return PlaceFigures(
        suggestions=len(shown),
        exact=sum(suggestion.matches(truth) for suggestion, truth in suggestions),
        ms=spread(suggestion.ms for suggestion in shown),
    )


def _share(count: int, whole: int) -> str:
    return f"{100 * count / whole:.1f} %" if whole else "-"
