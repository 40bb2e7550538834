"""What was said at places, as a table to read and as data to keep."""

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
    """What one side said at all places."""

    suggestions: int
    """Places where it said anything."""
    exact: int
    """Places where the first line is what stood there."""
    ms: Spread | None
    """Time of the answers that said something."""


@frozen(kw_only=True)
class PlacesSummary:
    """Both sides at the same places."""

    places: int
    first: PlaceFigures
    later: PlaceFigures
    peer: PlaceFigures | None
    both: int | None
    """Places where both leanwide, at the first request, and the llama-server said something."""


def summary(answered: Sequence[PlaceAnswers]) -> PlacesSummary:
    """Count."""
    pairs = [(one.first, one.peer) for one in answered if one.peer is not None]
    return PlacesSummary(
        places=len(answered),
        first=_figures([(one.first, one.place.truth) for one in answered]),
        later=_figures([(one.later, one.place.truth) for one in answered]),
        peer=_figures([(one.peer, one.place.truth) for one in answered if one.peer])
        if pairs
        else None,
        both=sum(bool(first.text.strip() and peer.text.strip()) for first, peer in pairs)
        if pairs
        else None,
    )


def as_data(found: PlacesSummary, answered: Sequence[PlaceAnswers], model: str) -> dict[str, Any]:
    """Return all of it as JSON has it; units are in the names."""
    return {
        "leanwide": __version__,
        "model": model,
        **attrs.asdict(found),
        "answers": [
            {
                "place": one.place.name,
                "line": one.place.cursor[0] + 1,
                "truth": one.place.truth,
                "first": attrs.asdict(one.first),
                "later": attrs.asdict(one.later),
                "peer": None if one.peer is None else attrs.asdict(one.peer),
            }
            for one in answered
        ],
    }


def as_table(found: PlacesSummary) -> Table:
    """Return the figures, a row a side."""
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
            *(f"{ms:,.0f}" for ms in _times(figures)),
        )
    if found.peer is not None and found.both is not None:
        share = _share(found.both, found.peer.suggestions)
        table.caption = f"leanwide has a suggestion at {share} of llama-server's"
    return table


def _figures(said: Sequence[tuple[PlaceSuggestion, str]]) -> PlaceFigures:
    shown = [one for one, _ in said if one.text.strip()]
    return PlaceFigures(
        suggestions=len(shown),
        exact=sum(one.says(truth) for one, truth in said),
        ms=spread(one.ms for one in shown),
    )


def _times(figures: PlaceFigures) -> tuple[float, ...]:
    return () if figures.ms is None else (figures.ms.p50, figures.ms.p95)


def _share(count: int, whole: int) -> str:
    return f"{100 * count / whole:.1f} %" if whole else "-"
