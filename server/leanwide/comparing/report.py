"""The result of a comparison: figures against the maximum, a verdict, tables, JSON data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from statistics import median
from typing import Any, Final

import attrs
from attrs import frozen
from rich.table import Table

from leanwide import __version__
from leanwide.comparing.compare import DEFAULTS, MAXIMUM, SMART, Contest, Outcomes
from leanwide.tuned import this_machine
from leanwide.tuning.deciding import ENOUGH, Loss, loss
from leanwide.tuning.figures import SettingFigures, at_moment, figures, samples
from leanwide.tuning.tables import (
    COST,
    QUALITY,
    cost_cells,
    difference,
    loss_data,
    plain_table,
    quality_cells,
)
from leanwide.tuning.trial import RequestOutcome, TrialOutcome, TrialSetting
from leanwide.tuning.visits import VisitMoment

AS_TYPED: Final = "as typed"
"""The part with all requests."""
MOMENTS: Final = (VisitMoment.COLD, VisitMoment.JUMP, VisitMoment.PAUSE)
"""The parts with the requests of one kind of moment."""
MEANING: Final = {
    SMART: "leanwide as configured: the lean lane, the window that leanwide chooses, "
    "prompts read ahead in idle moments",
    MAXIMUM: "as many experts and as long a context as possible, with every related snippet, "
    "all read at the request",
    DEFAULTS: "like smart, with the trained expert count and leanwide's built-in context size",
}
_ERROR_PROBABILITY: Final = 0.05
"""Probability that any of the intervals is wrong."""


@frozen(kw_only=True)
class ContenderResult:
    """The figures of one contender at some moments."""

    figures: SettingFigures
    against_maximum: Loss
    """Its nats compared with the maximum's."""


@frozen(kw_only=True)
class Row:
    """One contender."""

    name: str
    """Empty for a setting that only the plots show."""
    setting: TrialSetting
    parts: Mapping[str, ContenderResult]
    """By :data:`AS_TYPED` and those of :data:`MOMENTS` that have requests."""
    joules: float | None
    """Energy of a request, idle work included, median of the visits; None without a counter."""

    @property
    def typed(self) -> ContenderResult:
        """The result over all requests."""
        return self.parts[AS_TYPED]

    @property
    def new_place(self) -> SettingFigures:
        """The figures of requests right after a jump."""
        return self.parts.get(VisitMoment.JUMP, self.typed).figures


@frozen(kw_only=True)
class Comparison:
    """The result of a contest."""

    contest: Contest
    machine: str
    day: str
    visits: int
    places: int
    """Places at which every contender sent a request."""
    rows: tuple[Row, ...]
    """The smart setting first; empty without a place."""

    @classmethod
    def of(cls, contest: Contest, outcomes: Outcomes) -> Comparison:
        """Return the comparison at the places that all contenders have."""
        everything = {
            contender: [request for outcome in found.values() for request in outcome.asked]
            for contender, found in outcomes.items()
        }
        places = ({request.place for request in asked} for asked in everything.values())
        common = set.intersection(*places)
        asked = {
            contender: [request for request in requests if request.place in common]
            for contender, requests in everything.items()
        }
        maximum = next(found for contender, found in asked.items() if contender.name == MAXIMUM)
        error = _ERROR_PROBABILITY / (len(asked) - 1) / (1 + len(MOMENTS))
        rows = (
            Row(
                name=contender.name,
                setting=contender.setting,
                parts=dict(_parts(requests, maximum, error)),
                joules=_joules(outcomes[contender].values()),
            )
            for contender, requests in asked.items()
        )
        return cls(
            contest=contest,
            machine=this_machine(),
            day=datetime.now().astimezone().date().isoformat(),  # in the user's time zone
            visits=min(map(len, outcomes.values())),
            places=len(common),
            rows=tuple(rows) if common else (),
        )

    @property
    def enough(self) -> bool:
        """Whether there are enough places for a verdict."""
        return self.places >= ENOUGH

    @property
    def named(self) -> Mapping[str, Row]:
        """The rows with a name, by name."""
        return {row.name: row for row in self.rows if row.name}

    @property
    def by_experts(self) -> tuple[Row, ...]:
        """The settings that differ from smart in the expert count only."""
        own = self.named[SMART].setting.context_tokens
        rows = (row for row in self._ordinary if row.setting.context_tokens == own)
        return tuple(sorted(rows, key=lambda row: row.setting.experts))

    @property
    def by_context(self) -> tuple[Row, ...]:
        """The settings that differ from smart in the context only."""
        own = self.named[SMART].setting.experts
        rows = (row for row in self._ordinary if row.setting.experts == own)
        return tuple(sorted(rows, key=lambda row: row.setting.context_tokens))

    @property
    def _ordinary(self) -> Iterator[Row]:
        """All rows but the maximum's."""
        return (row for row in self.rows if row.name != MAXIMUM)


def _parts(
    asked: Sequence[RequestOutcome], maximum: Sequence[RequestOutcome], error: float
) -> Iterator[tuple[str, ContenderResult]]:
    parts = (
        (AS_TYPED, asked, maximum),
        *((w, at_moment(w, asked), at_moment(w, maximum)) for w in MOMENTS),
    )
    for name, own, others in parts:
        if (summed := figures(own)) is not None:
            yield (
                name,
                ContenderResult(
                    figures=summed, against_maximum=loss(samples(own), samples(others), error)
                ),
            )


def _joules(outcomes: Iterable[TrialOutcome]) -> float | None:
    known = [outcome.joules for outcome in outcomes if outcome.joules is not None]
    return median(known) if known else None


def verdict(comparison: Comparison) -> list[str]:
    """Return a sentence for each named setting: is it worse than the maximum, and how fast?"""
    if not comparison.enough:
        return [
            f"{comparison.places} places to complete are too few to compare: {ENOUGH} are needed, "
            "give more time or more code."
        ]
    maximum = comparison.named[MAXIMUM]
    return [
        _against_maximum(row, maximum) for name, row in comparison.named.items() if name != MAXIMUM
    ]


def _against_maximum(row: Row, maximum: Row) -> str:
    own, other = row.new_place.ms, maximum.new_place.ms
    share = f"1/{other / own:.1f} of" if own <= other else f"{own / other:.1f} times"
    return (
        f"As typed, the NLL of {row.name} is {_certainty(row.typed.against_maximum)} than the "
        f"maximum's ({difference(row.typed.against_maximum)}), at {share} its time at a new place "
        f"({own:,.0f} against {other:,.0f} ms)."
    )


def _certainty(loss: Loss) -> str:
    if loss.low > 0:
        return "certainly worse"
    return "certainly better" if loss.high < 0 else "not certainly worse"


def as_data(comparison: Comparison) -> dict[str, Any]:
    """Return the comparison as JSON data; units are in the names."""
    contest = comparison.contest
    return {
        "leanwide": __version__,
        "day": comparison.day,
        "machine": comparison.machine,
        "model": contest.header.name,
        "folder": contest.repository.folder.name,
        "visits": comparison.visits,
        "places": comparison.places,
        "energy": contest.meter.reason or "measured",
        "verdict": verdict(comparison),
        "settings": [_row_data(row) for row in comparison.rows],
    }


def _row_data(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        **attrs.asdict(row.setting),
        "joules": row.joules,
        "requests": {
            str(name): {
                **attrs.asdict(part.figures),
                "nll_beside_maximum": loss_data(part.against_maximum),
            }
            for name, part in row.parts.items()
        },
    }


HEADINGS: Final = ("", "experts", "context", "against the maximum", *QUALITY, *COST)


def sections(comparison: Comparison) -> Iterator[tuple[str, list[tuple[Row, tuple[str, ...]]]]]:
    """Yield the tables' titles and rows: all settings as typed, then named ones at each moment."""
    for name in (AS_TYPED, *MOMENTS):
        rows = [
            (row, _cells(row, part))
            for row in comparison.rows
            if (name == AS_TYPED or row.name) and (part := row.parts.get(name)) is not None
        ]
        if rows:
            yield name, rows


def _cells(row: Row, part: ContenderResult) -> tuple[str, ...]:
    """Return a row as text, under :data:`HEADINGS`."""
    return (
        row.name,
        str(row.setting.experts or "dense"),
        str(row.setting.context_tokens),
        "" if row.name == MAXIMUM else difference(part.against_maximum),
        *quality_cells(part.figures),
        *cost_cells(part.figures),
    )


def as_tables(comparison: Comparison) -> Iterator[Table]:
    """Yield a table for each section."""
    name, places = comparison.contest.header.name, comparison.places
    where = f"{name}, {places} places in {comparison.visits} visits, "
    for title, rows in sections(comparison):
        table = plain_table(where + title)
        for heading in HEADINGS:
            table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
        named = sum(bool(row.name) for row, _ in rows)
        for number, (_, cells) in enumerate(rows, 1):
            table.add_row(*cells, end_section=number == named)
        yield table


def energy(comparison: Comparison) -> list[str]:
    """Return a line with the energy of a request for each named setting, if it was measured."""
    return [
        f"{name}: {row.joules:.2f} J for a request as typed"
        for name, row in comparison.named.items()
        if row.joules is not None
    ]
