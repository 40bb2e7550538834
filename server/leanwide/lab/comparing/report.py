"""What a comparison found: figures beside leanwide's own, a verdict, a table, data. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date
from statistics import quantiles
from typing import Any, Final

import attrs
from attrs import frozen
from rich.table import Table

from leanwide import __version__
from leanwide.lab.comparing.comparing import DEFAULTS, MAXIMUM, SMART, Contender, Contest, Outcomes
from leanwide.lab.tuning.deciding import ENOUGH, Loss, Sample, loss
from leanwide.lab.tuning.figures import Figures, figures
from leanwide.lab.tuning.tables import FIGURES, cells, difference, loss_data, plain_table
from leanwide.lab.tuning.trial import Outcome, Setting
from leanwide.tuned import this_machine

MEANING: Final = {
    SMART: "leanwide as it is set up: the lean lane, what the router and the window choose",
    MAXIMUM: "as many experts and as long a context as there are, and every snippet that was found",
    DEFAULTS: "the expert count that the model was trained with, the context leanwide starts with",
}


@frozen(kw_only=True)
class Row:
    """One contender."""

    name: str
    """Empty for a setting between the three that are compared."""
    setting: Setting
    figures: Figures
    beside: Loss
    """Its nats beside leanwide's own."""
    quick_ms: float
    slow_ms: float
    """A quarter of the suggestions at a new place come sooner, and a quarter later."""


@frozen(kw_only=True)
class Comparison:
    """All of it."""

    contest: Contest
    machine: str
    day: str
    rows: tuple[Row, ...]

    @classmethod
    def of(cls, contest: Contest, outcomes: Outcomes) -> Comparison:
        """Sum outcomes up; without a hole there are no rows."""
        smart = next(iter(outcomes.values()))
        error = 0.05 / max(1, len(outcomes) - 1)
        rows = (
            _row(contender, list(found.values()), list(smart.values()), error)
            for contender, found in outcomes.items()
        )
        return cls(
            contest=contest,
            machine=this_machine(),
            day=date.today().isoformat(),  # the user's own day
            rows=tuple(row for row in rows if row is not None),
        )

    @property
    def holes(self) -> int:
        """Holes that every contender completed."""
        return self.rows[0].figures.holes if self.rows else 0

    @property
    def enough(self) -> bool:
        """Whether there is enough to say anything."""
        return self.holes >= ENOUGH

    def named(self, name: str) -> Row:
        """Give one of the three that are compared."""
        return next(row for row in self.rows if row.name == name)

    @property
    def by_experts(self) -> tuple[Row, ...]:
        """The settings that differ from leanwide's own in the expert count only."""
        own = self.named(SMART).setting.context_tokens
        rows = (row for row in self._between if row.setting.context_tokens == own)
        return tuple(sorted(rows, key=lambda row: row.setting.experts))

    @property
    def by_context(self) -> tuple[Row, ...]:
        """The settings that differ from leanwide's own in the context only."""
        own = self.named(SMART).setting.experts
        rows = (row for row in self._between if row.setting.experts == own)
        return tuple(sorted(rows, key=lambda row: row.setting.context_tokens))

    @property
    def _between(self) -> Iterator[Row]:
        """Settings with leanwide's own window: all but the maximum, each once."""
        seen: set[Setting] = set()
        for row in self.rows:
            if row.name != MAXIMUM and row.setting not in seen:
                seen.add(row.setting)
                yield row


def _row(
    contender: Contender, found: Sequence[Outcome], smart: Sequence[Outcome], error: float
) -> Row | None:
    summed = figures(found)
    if summed is None:
        return None
    times = [one.total_ms for one in found] * (2 if len(found) == 1 else 1)
    quick, _, slow = quantiles(times, n=4)
    return Row(
        name=contender.name,
        setting=contender.setting,
        figures=summed,
        beside=loss(_samples(found), _samples(smart), error),
        quick_ms=max(quick, 0.0),
        slow_ms=slow,
    )


def _samples(outcomes: Sequence[Outcome]) -> dict[str, Sample]:
    return {one.hole: Sample(one.tokens, one.nats) for one in outcomes}


def verdict(comparison: Comparison) -> list[str]:
    """Say in plain sentences who is ahead of whom, also where leanwide is behind."""
    if not comparison.enough:
        return [
            f"{comparison.holes} places to complete are too few to compare: {ENOUGH} are needed, "
            "give more time or more code."
        ]
    return [_beside(comparison, MAXIMUM), _beside(comparison, DEFAULTS)]


def _beside(comparison: Comparison, name: str) -> str:
    smart, other = comparison.named(SMART), comparison.named(name)
    times = other.figures.new_place_ms / smart.figures.new_place_ms
    speed = f"{times:.1f} times as fast" if times >= 1 else f"{1 / times:.1f} times as slow"
    low, high = -other.beside.high, -other.beside.low
    quality, certain = _quality(other.beside), low > 0 or high < 0
    end = "" if certain else ", which is no certain difference"
    return (
        f"Beside {name}, smart answers at a new place {speed} "
        f"({smart.figures.new_place_ms:.0f} against {other.figures.new_place_ms:.0f} ms), and its "
        f"NLL is {quality}{end}."
    )


def _quality(other: Loss) -> str:
    """How much worse leanwide's own NLL is, from how much worse another one is."""
    mean = 1 / (1 + other.mean) - 1
    word = "worse" if mean >= 0 else "better"
    if math.isinf(other.low):
        return f"{abs(mean):.1%} {word}"
    low, high = 1 / (1 + other.high) - 1, 1 / (1 + other.low) - 1
    return f"{abs(mean):.1%} {word} ({low:+.1%} to {high:+.1%})"


def as_data(comparison: Comparison) -> dict[str, Any]:
    """Give it as JSON has it; units are in the names."""
    contest = comparison.contest
    return {
        "leanwide": __version__,
        "day": comparison.day,
        "machine": comparison.machine,
        "model": contest.header.name,
        "folder": contest.repository.folder.name,
        "holes": comparison.holes,
        "energy": contest.meter.reason or "measured",
        "verdict": verdict(comparison),
        "settings": [_row_data(row) for row in comparison.rows],
    }


def _row_data(row: Row) -> dict[str, Any]:
    return {
        "name": row.name,
        **attrs.asdict(row.setting),
        **attrs.asdict(row.figures),
        "new_place_quartiles_ms": [row.quick_ms, row.slow_ms],
        "nll_beside_smart": loss_data(row.beside),
    }


_HEADINGS: Final = ("", "experts", "context", "NLL", "beside smart", *FIGURES)


def headings(comparison: Comparison) -> tuple[str, ...]:
    """Give the headings of a table of the figures."""
    told = any(row.figures.joules is not None for row in comparison.rows)
    return (*_HEADINGS, "energy") if told else _HEADINGS


def row_cells(row: Row) -> tuple[str, ...]:
    """Give a row's figures as text, under :func:`headings`."""
    found = row.figures
    return (
        row.name,
        str(row.setting.experts or "dense"),
        str(row.setting.context_tokens),
        f"{found.nll:.3f}",
        "" if row.name == SMART else difference(row.beside),
        *cells(found),
        *((f"{found.joules:.2f} J",) if found.joules is not None else ()),
    )


def as_table(comparison: Comparison) -> Table:
    """Give it as a table."""
    header = comparison.contest.header
    title = f"{header.name}, {comparison.holes} places to complete"
    table = plain_table(title)
    for heading in headings(comparison):
        table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
    last = len([row for row in comparison.rows if row.name])
    for number, row in enumerate(comparison.rows, 1):
        table.add_row(*row_cells(row), end_section=number == last)
    return table
