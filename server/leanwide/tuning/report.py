"""The result of a tuning run as tables and as JSON data. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import attrs
from rich.table import Table

from leanwide.tuning.deciding import Judgement
from leanwide.tuning.figures import SettingFigures, at_moment, figures
from leanwide.tuning.speed import SpeedResult
from leanwide.tuning.tables import (
    COST,
    QUALITY,
    cost_cells,
    difference,
    interval,
    loss_data,
    plain_table,
    quality_cells,
)
from leanwide.tuning.trial import RequestOutcome, TrialSetting
from leanwide.tuning.tune import ANSWERS, CONTEXT, EXPERTS
from leanwide.tuning.tuned_settings import TuningReport, changes, count_of, settings, tokens_of
from leanwide.tuning.visits import VisitMoment

Measured = Mapping[TrialSetting, Sequence[RequestOutcome]]
"""The requests at each setting."""


def as_data(report: TuningReport) -> dict[str, Any]:
    """Return the report as JSON data; units are in the names."""
    found = report.findings
    return {
        "subject": attrs.asdict(report.job.subject),
        "folder": report.job.repository.folder.name,
        "files": report.job.repository.files,
        "places": report.places,
        "tolerance": report.job.tolerance,
        "seconds": round(found.seconds, 1),
        "speed": [
            {
                "setting": result.variant.key,
                "value": result.variant.value,
                "time": loss_data(result.change),
                "better": result.better,
            }
            for result in found.speed
        ],
        "experts": _judgement_data(found.experts, report.measured.get(EXPERTS, {})),
        "answers": _judgement_data(found.answers, report.measured.get(ANSWERS, {})),
        "context": _judgement_data(found.context, report.measured.get(CONTEXT, {})),
        "changes": [attrs.asdict(change) for change in changes(report)],
        "settings": settings(report),
    }


def _judgement_data(
    judgement: Judgement[TrialSetting] | None, measured: Measured
) -> dict[str, Any] | None:
    if judgement is None:
        return None
    compared = _at_common_places(measured)
    return {
        "clear": judgement.clear,
        "enough": judgement.enough,
        "chosen": attrs.asdict(judgement.chosen),
        "best": attrs.asdict(judgement.best),
        "settings": [
            {
                **attrs.asdict(key),
                "loss": loss_data(judgement.losses[key]),
                "as_typed": _figures_data(figures(compared[key])),
                "new_place": _figures_data(figures(at_moment(VisitMoment.JUMP, compared[key]))),
            }
            for key in judgement.order
        ],
    }


def _figures_data(found: SettingFigures | None) -> dict[str, Any] | None:
    return attrs.asdict(found) if found is not None else None


def as_tables(report: TuningReport) -> Iterator[Table]:
    """Yield a table for each question that was asked."""
    found = report.findings
    if any(result.change.places > 1 for result in found.speed):
        yield _speed_table(found.speed)
    if found.experts is not None:
        yield _quality_table("experts", found.experts, report.measured[EXPERTS], count_of)
    if found.answers is not None:
        title = "experts, judged by the documentation of functions"
        yield _answers_table(title, found.answers, report.measured[ANSWERS])
    if found.context is not None:
        experts = found.context.order[0].experts
        title = f"context tokens, {experts} experts" if experts else "context tokens"
        yield _quality_table(title, found.context, report.measured[CONTEXT], tokens_of)


def _speed_table(speed: Sequence[SpeedResult]) -> Table:
    table = plain_table("time for a suggestion, compared with the engine as configured")
    for name in ("setting", "value", "rounds", "time", "interval", ""):
        table.add_column(name, justify="left" if name in ("setting", "") else "right")
    for result in speed:
        table.add_row(
            result.variant.key,
            str(result.variant.value),
            str(result.change.places),
            f"{result.change.mean:+.0%}",
            interval(result.change),
            "clearly faster" if result.better else "",
        )
    return table


def _quality_table(
    title: str,
    judgement: Judgement[TrialSetting],
    measured: Measured,
    name: Callable[[TrialSetting], str],
) -> Table:
    table = plain_table(title)
    for column in ("", "places", "against the best", *QUALITY, *COST, ""):
        table.add_column(column, justify="right", no_wrap=True)
    for key, asked, compared in _compared(judgement, measured):
        cells = (
            *quality_cells(figures(asked)),
            *cost_cells(figures(at_moment(VisitMoment.JUMP, asked))),
        )
        table.add_row(name(key), *compared, *cells, _mark(key, judgement))
    table.caption = (
        "from NLL on: only places that were measured at all of these settings; "
        "time and tokens: of the first suggestion at a new place in an open file"
    )
    return table


def _answers_table(title: str, judgement: Judgement[TrialSetting], measured: Measured) -> Table:
    table = plain_table(title)
    for column in ("", "functions", "against the best", "NLL"):
        table.add_column(column, justify="right", no_wrap=True)
    for key, asked, compared in _compared(judgement, measured):
        table.add_row(count_of(key), *compared, quality_cells(figures(asked))[0])
    return table


def _compared(
    judgement: Judgement[TrialSetting], measured: Measured
) -> Iterator[tuple[TrialSetting, Sequence[RequestOutcome], tuple[str, str]]]:
    """Yield each setting in order: its requests, then places and loss as text."""
    common = _at_common_places(measured)
    for key in judgement.order:
        if common[key]:
            loss = judgement.losses[key]
            against = "the best" if key == judgement.best else difference(loss)
            yield key, common[key], (str(loss.places), against)


def _at_common_places(measured: Measured) -> Measured:
    """Return the requests at the places that were measured at all settings."""
    places = ({request.place for request in asked} for asked in measured.values())
    common = set.intersection(*places)
    return {
        setting: [request for request in asked if request.place in common]
        for setting, asked in measured.items()
    }


def _mark(key: TrialSetting, judgement: Judgement[TrialSetting]) -> str:
    if key == judgement.chosen:
        return "chosen" if judgement.enough else ""
    if judgement.beyond(key):
        return "too weak"
    return "not clear" if key in judgement.open else ""
