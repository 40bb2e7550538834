"""What a tuning run found, as tables to read and as data. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
from rich.table import Table

from leanwide.lab.tuning.deciding import Judgement
from leanwide.lab.tuning.figures import Figures, figures
from leanwide.lab.tuning.speed import SpeedResult
from leanwide.lab.tuning.tables import FIGURES, cells, difference, interval, loss_data, plain_table
from leanwide.lab.tuning.trial import Outcome, Setting
from leanwide.lab.tuning.tuned_settings import Report, changes, count_of, settings, tokens_of
from leanwide.lab.tuning.tuning import ANSWERS, CONTEXT, EXPERTS

Outcomes = Mapping[Setting, Sequence[Outcome]]


def as_data(report: Report) -> dict[str, Any]:
    """Give the report as JSON has it; units are in the names."""
    found = report.findings
    return {
        "subject": attrs.asdict(report.job.subject),
        "folder": report.job.repository.folder.name,
        "files": report.job.repository.files,
        "holes": len(report.job.repository.holes),
        "tolerance": report.job.tolerance,
        "seconds": round(found.seconds, 1),
        "speed": [
            {
                "setting": one.variant.key,
                "value": one.variant.value,
                "time": loss_data(one.change),
                "better": one.better,
            }
            for one in found.speed
        ],
        "experts": _judgement_data(found.experts, report.outcomes.get(EXPERTS, {})),
        "answers": _judgement_data(found.answers, report.outcomes.get(ANSWERS, {})),
        "context": _judgement_data(found.context, report.outcomes.get(CONTEXT, {})),
        "changes": [attrs.asdict(change) for change in changes(report)],
        "settings": settings(report),
    }


def _judgement_data(
    judgement: Judgement[Setting] | None, outcomes: Outcomes
) -> dict[str, Any] | None:
    if judgement is None:
        return None
    compared = _on_common_holes(outcomes)
    return {
        "clear": judgement.clear,
        "enough": judgement.enough,
        "chosen": attrs.asdict(judgement.chosen),
        "best": attrs.asdict(judgement.best),
        "settings": [
            {
                **attrs.asdict(key),
                "loss": loss_data(judgement.losses[key]),
                "figures": _figures_data(figures(compared[key])),
            }
            for key in judgement.order
        ],
    }


def _figures_data(found: Figures | None) -> dict[str, Any] | None:
    return attrs.asdict(found) if found is not None else None


def as_tables(report: Report) -> Iterator[Table]:
    """Yield a table for each question that was asked."""
    found = report.findings
    if any(one.change.holes > 1 for one in found.speed):
        yield _speed_table(found.speed)
    if found.experts is not None:
        yield _quality_table("experts", found.experts, report.outcomes[EXPERTS], count_of)
    if found.answers is not None:
        title = "experts, by what is said of functions"
        yield _answers_table(title, found.answers, report.outcomes[ANSWERS])
    if found.context is not None:
        experts = found.context.order[0].experts
        title = f"context tokens, {experts} experts" if experts else "context tokens"
        yield _quality_table(title, found.context, report.outcomes[CONTEXT], tokens_of)


def _speed_table(speed: Sequence[SpeedResult]) -> Table:
    table = plain_table("time for a suggestion, beside how the engine is set up")
    for name in ("setting", "value", "rounds", "time", "interval", ""):
        table.add_column(name, justify="left" if name in ("setting", "") else "right")
    for one in speed:
        mark = "clearly faster" if one.better else ""
        table.add_row(
            one.variant.key,
            str(one.variant.value),
            str(one.change.holes),
            f"{one.change.mean:+.0%}",
            interval(one.change),
            mark,
        )
    return table


def _quality_table(
    title: str, judgement: Judgement[Setting], outcomes: Outcomes, name: Callable[[Setting], str]
) -> Table:
    table = plain_table(title)
    for column in ("", "holes", "beside the best", "NLL", *FIGURES, ""):
        table.add_column(column, justify="right", no_wrap=True)
    for key, row, compared in _compared(judgement, outcomes):
        table.add_row(name(key), *compared, *cells(row), _mark(key, judgement))
    table.caption = "from NLL on: the holes that all of these settings have"
    return table


def _answers_table(title: str, judgement: Judgement[Setting], outcomes: Outcomes) -> Table:
    table = plain_table(title)
    for column in ("", "functions", "beside the best", "NLL"):
        table.add_column(column, justify="right", no_wrap=True)
    for key, _, compared in _compared(judgement, outcomes):
        table.add_row(count_of(key), *compared)
    return table


def _compared(
    judgement: Judgement[Setting], outcomes: Outcomes
) -> Iterator[tuple[Setting, Figures, tuple[str, str, str]]]:
    """Yield each measured setting in order: its figures, then holes, loss and NLL in words."""
    common = _on_common_holes(outcomes)
    for key in judgement.order:
        if (row := figures(common[key])) is not None:
            loss = judgement.losses[key]
            beside = "the best" if key == judgement.best else difference(loss)
            yield key, row, (str(loss.holes), beside, f"{row.nll:.3f}")


def _on_common_holes(outcomes: Outcomes) -> Outcomes:
    """The outcomes of a question on the holes that all its settings were measured on."""
    common = set.intersection(*({one.hole for one in some} for some in outcomes.values()))
    return {key: [one for one in some if one.hole in common] for key, some in outcomes.items()}


def _mark(key: Setting, judgement: Judgement[Setting]) -> str:
    if key == judgement.chosen:
        return "chosen" if judgement.enough else ""
    if judgement.beyond(key):
        return "too weak"
    return "not clear" if key in judgement.open else ""
