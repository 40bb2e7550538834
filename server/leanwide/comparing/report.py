"""What a comparison found: figures beside the maximum's, a verdict, a table, data. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
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
"""Everything that was asked, whatever had happened before."""
MOMENTS: Final = (VisitMoment.COLD, VisitMoment.JUMP, VisitMoment.PAUSE)
"""Each of them by itself."""
MEANING: Final = {
    SMART: "leanwide as it is set up: the lean lane, what the router and the window choose, "
    "what is read while nobody waits",
    MAXIMUM: "as many experts and as long a context as there are, and every snippet that was "
    "found, read when something is asked at a new place",
    DEFAULTS: "as smart, with the expert count that the model was trained with and the context "
    "that leanwide starts with",
}
_ERROR_PROBABILITY: Final = 0.05
"""Probability that any of the intervals is wrong."""


@frozen(kw_only=True)
class ContenderResult:
    """What one contender gave at some moments."""

    figures: SettingFigures
    beside: Loss
    """Its nats beside the maximum's."""


@frozen(kw_only=True)
class Row:
    """One contender."""

    name: str
    """Empty for a setting between those that are compared."""
    setting: TrialSetting
    parts: Mapping[str, ContenderResult]
    """:data:`AS_TYPED`, and by :data:`MOMENTS` as far as there was anything."""
    joules: float | None
    """Energy for a request as typed, idle work included, median of the visits; None where the
    machine does not tell."""

    @property
    def typed(self) -> ContenderResult:
        """Everything that was asked."""
        return self.parts[AS_TYPED]

    @property
    def new_place(self) -> SettingFigures:
        """What somebody who jumps waits for."""
        return self.parts.get(VisitMoment.JUMP, self.typed).figures


@frozen(kw_only=True)
class Comparison:
    """All of it."""

    contest: Contest
    machine: str
    day: str
    visits: int
    places: int
    """Places at which every contender had a prompt."""
    rows: tuple[Row, ...]
    """Leanwide's own setting first; empty without a place."""

    @classmethod
    def of(cls, contest: Contest, outcomes: Outcomes) -> Comparison:
        """Sum outcomes up, at the places that all contenders have."""
        everything = {
            contender: [one for outcome in found.values() for one in outcome.asked]
            for contender, found in outcomes.items()
        }
        common = set.intersection(*({one.place for one in some} for some in everything.values()))
        asked = {
            contender: [one for one in some if one.place in common]
            for contender, some in everything.items()
        }
        maximum = next(some for contender, some in asked.items() if contender.name == MAXIMUM)
        error = _ERROR_PROBABILITY / (len(asked) - 1) / (1 + len(MOMENTS))
        rows = (
            Row(
                name=contender.name,
                setting=contender.setting,
                parts=dict(_parts(some, maximum, error)),
                joules=_joules(outcomes[contender].values()),
            )
            for contender, some in asked.items()
        )
        return cls(
            contest=contest,
            machine=this_machine(),
            day=date.today().isoformat(),  # the user's own day
            visits=min(map(len, outcomes.values())),
            places=len(common),
            rows=tuple(rows) if common else (),
        )

    @property
    def enough(self) -> bool:
        """Whether there is enough to say anything."""
        return self.places >= ENOUGH

    @property
    def named(self) -> Mapping[str, Row]:
        """Those that are compared, by their names."""
        return {row.name: row for row in self.rows if row.name}

    @property
    def by_experts(self) -> tuple[Row, ...]:
        """The settings that differ from leanwide's own in the expert count only."""
        own = self.named[SMART].setting.context_tokens
        rows = (row for row in self._ordinary if row.setting.context_tokens == own)
        return tuple(sorted(rows, key=lambda row: row.setting.experts))

    @property
    def by_context(self) -> tuple[Row, ...]:
        """The settings that differ from leanwide's own in the context only."""
        own = self.named[SMART].setting.experts
        rows = (row for row in self._ordinary if row.setting.experts == own)
        return tuple(sorted(rows, key=lambda row: row.setting.context_tokens))

    @property
    def _ordinary(self) -> Iterator[Row]:
        """Settings that are used as leanwide is."""
        return (row for row in self.rows if row.name != MAXIMUM)


def _parts(
    asked: Sequence[RequestOutcome], maximum: Sequence[RequestOutcome], error: float
) -> Iterator[tuple[str, ContenderResult]]:
    moments = (
        (AS_TYPED, asked, maximum),
        *((w, at_moment(w, asked), at_moment(w, maximum)) for w in MOMENTS),
    )
    for name, own, others in moments:
        if (summed := figures(own)) is not None:
            yield (
                name,
                ContenderResult(figures=summed, beside=loss(samples(own), samples(others), error)),
            )


def _joules(outcomes: Iterable[TrialOutcome]) -> float | None:
    known = [one.joules for one in outcomes if one.joules is not None]
    return median(known) if known else None


def verdict(comparison: Comparison) -> list[str]:
    """Say in plain sentences who is ahead of the maximum, also where leanwide is behind."""
    if not comparison.enough:
        return [
            f"{comparison.places} places to complete are too few to compare: {ENOUGH} are needed, "
            "give more time or more code."
        ]
    maximum = comparison.named[MAXIMUM]
    return [_beside(row, maximum) for name, row in comparison.named.items() if name != MAXIMUM]


def _beside(row: Row, maximum: Row) -> str:
    own, other = row.new_place.ms, maximum.new_place.ms
    share = f"1/{other / own:.1f} of" if own <= other else f"{own / other:.1f} times"
    return (
        f"As typed, the NLL of {row.name} is {_certainty(row.typed.beside)} than the maximum's "
        f"({difference(row.typed.beside)}), at {share} its time at a new place "
        f"({own:,.0f} against {other:,.0f} ms)."
    )


def _certainty(beside: Loss) -> str:
    if beside.low > 0:
        return "certainly worse"
    return "certainly better" if beside.high < 0 else "not certainly worse"


def as_data(comparison: Comparison) -> dict[str, Any]:
    """Give it as JSON has it; units are in the names."""
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
                "nll_beside_maximum": loss_data(part.beside),
            }
            for name, part in row.parts.items()
        },
    }


HEADINGS: Final = ("", "experts", "context", "beside the maximum", *QUALITY, *COST)


def sections(comparison: Comparison) -> Iterator[tuple[str, list[tuple[Row, tuple[str, ...]]]]]:
    """Yield the table's parts: all settings as typed, then those with a name at each moment."""
    for name in (AS_TYPED, *MOMENTS):
        rows = [
            (row, _cells(row, part))
            for row in comparison.rows
            if (name == AS_TYPED or row.name) and (part := row.parts.get(name)) is not None
        ]
        if rows:
            yield name, rows


def _cells(row: Row, part: ContenderResult) -> tuple[str, ...]:
    """Give figures as text, under :data:`HEADINGS`."""
    return (
        row.name,
        str(row.setting.experts or "dense"),
        str(row.setting.context_tokens),
        "" if row.name == MAXIMUM else difference(part.beside),
        *quality_cells(part.figures),
        *cost_cells(part.figures),
    )


def as_tables(comparison: Comparison) -> Iterator[Table]:
    """Yield a table for each of the sections."""
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
    """Say what a request costs, a line each, where the machine tells."""
    return [
        f"{name}: {row.joules:.2f} J for a request as typed"
        for name, row in comparison.named.items()
        if row.joules is not None
    ]
