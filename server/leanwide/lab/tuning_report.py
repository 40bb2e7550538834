"""What a tuning run found, as settings, as a table to read, and as data. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import attrs
from attrs import frozen
from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide.engine.base import EngineSpec
from leanwide.lab.deciding import ENOUGH, Judgement, Loss
from leanwide.lab.figures import Figures, figures
from leanwide.lab.speed import SpeedResult, fastest
from leanwide.lab.trial import Outcome, Setting
from leanwide.lab.tuning import Findings, Job
from leanwide.models.gguf import GgufHeader
from leanwide.models.limits import EXPERTS_KEY, wanted_experts
from leanwide.modes.profile import LEAN, WIDE, Profile


@frozen(kw_only=True)
class Report:
    """A tuning run, as it is told."""

    job: Job
    findings: Findings
    outcomes: Mapping[Setting, Sequence[Outcome]]

    @classmethod
    def of(cls, job: Job, findings: Findings) -> Report:
        """Gather what a run measured."""
        ids = [hole.id for hole in job.repository.holes]
        asked = (key for one in (findings.experts, findings.context) if one for key in one.order)
        return cls(
            job=job,
            findings=findings,
            outcomes={key: job.results.of(key, ids) for key in asked},
        )

    @property
    def clear(self) -> bool:
        """Whether every question has its answer."""
        asked = (self.findings.experts, self.findings.context)
        return all(one is None or one.clear for one in asked)


def named_settings(spec: EngineSpec, code: Profile, header: GgufHeader) -> dict[str, int | str]:
    """Give what tuning may change, by its full name, with the number that is meant."""
    widths = {lane.name: wanted_experts(header, lane.experts) for lane in spec.lanes}
    return {
        "model.threads": spec.threads,
        "model.batch_tokens": spec.batch_tokens,
        "model.flash_attention": "off" if spec.keeps_scores else "on",
        "lanes.lean.experts": widths[LEAN],
        "lanes.wide.experts": widths[WIDE],
        "modes.code.context_tokens": code.context_tokens,
    }


@frozen
class Change:
    """One setting that is written, what it was, and why."""

    name: str
    before: int | str
    after: int | str
    why: str


def changes(report: Report) -> Iterator[Change]:
    """Yield every setting that there is enough evidence for."""
    before = report.job.before
    for name, value, why in (*_of_speed(report), *_of_experts(report), *_of_context(report)):
        yield Change(name, before[name], value, why)


_Wanted = tuple[str, int | str, str]
"""A setting's name, its value, and why."""


def _of_speed(report: Report) -> Iterator[_Wanted]:
    for result in fastest(report.findings.speed):
        why = f"a suggestion takes {-result.change.mean:.0%} less time ({_interval(result.change)})"
        yield f"model.{result.variant.key}", result.variant.value, why


def _of_experts(report: Report) -> Iterator[_Wanted]:
    found, think = report.findings.experts, report.findings.think
    if found is None or not found.enough:
        return
    yield "lanes.lean.experts", found.chosen.experts, _why(found, _count_of)
    if think is not None:
        trained = report.job.header.number(EXPERTS_KEY)
        better = f"certainly better than the {trained} that it was trained with"
        usual = "as it was trained: no other count is certainly better"
        yield "lanes.wide.experts", think, usual if think == trained else better


def _of_context(report: Report) -> Iterator[_Wanted]:
    found = report.findings.context
    if found is not None and found.enough:
        yield "modes.code.context_tokens", found.chosen.context_tokens, _why(found, _tokens_of)


def settings(report: Report) -> dict[str, Any]:
    """Give what is to be written, as sections."""
    values: dict[str, Any] = {}
    for change in changes(report):
        *sections, key = change.name.split(".")
        section = values
        for name in sections:
            section = section.setdefault(name, {})
        section[key] = change.after
    return values


def _count_of(setting: Setting) -> str:
    return str(setting.experts)


def _tokens_of(setting: Setting) -> str:
    return str(setting.context_tokens)


def _why(judgement: Judgement[Setting], name: Any) -> str:
    """Say how a choice came about, and what would have been cheaper."""
    chosen = judgement.chosen
    if chosen == judgement.best:
        text = "the best"
    else:
        text = f"{_worse(judgement.losses[chosen])} than the best, {name(judgement.best)}"
    cheaper = judgement.order[: judgement.order.index(chosen)]
    for key in reversed(cheaper):
        sure = "" if judgement.beyond(key) else ", which more time may show to be enough"
        return f"{text}; {name(key)} is {_worse(judgement.losses[key])}{sure}"
    return text


def _worse(one: Loss) -> str:
    word = "worse" if one.mean >= 0 else "better"
    return f"{abs(one.mean):.1%} {word} ({_interval(one)})"


def _interval(one: Loss) -> str:
    if math.isinf(one.low):
        return "not known"
    return f"{one.low:+.1%} to {one.high:+.1%}"


def as_data(report: Report) -> dict[str, Any]:
    """Give the report as JSON has it; units are in the names."""
    found = report.findings
    return {
        "subject": attrs.asdict(report.job.subject),
        "path": str(report.job.repository.area.root),
        "files": report.job.repository.files,
        "holes": len(report.job.repository.holes),
        "tolerance": report.job.tolerance,
        "seconds": round(found.seconds, 1),
        "speed": [
            {
                "setting": one.variant.key,
                "value": one.variant.value,
                "time": _loss_data(one.change),
                "better": one.better,
            }
            for one in found.speed
        ],
        "experts": _judgement_data(found.experts, report),
        "context": _judgement_data(found.context, report),
        "changes": [attrs.asdict(change) for change in changes(report)],
        "settings": settings(report),
    }


def _judgement_data(judgement: Judgement[Setting] | None, report: Report) -> dict[str, Any] | None:
    if judgement is None:
        return None
    compared = _on_common_holes(judgement, report)
    return {
        "clear": judgement.clear,
        "enough": judgement.enough,
        "chosen": attrs.asdict(judgement.chosen),
        "best": attrs.asdict(judgement.best),
        "settings": [
            {
                **attrs.asdict(key),
                "loss": _loss_data(judgement.losses[key]),
                "figures": _figures_data(figures(compared[key])),
            }
            for key in judgement.order
        ],
    }


def _loss_data(one: Loss) -> dict[str, Any]:
    known = not math.isinf(one.low)
    return {
        "mean": one.mean,
        "low": one.low if known else None,
        "high": one.high if known else None,
        "holes": one.holes,
    }


def _figures_data(found: Figures | None) -> dict[str, Any] | None:
    return attrs.asdict(found) if found is not None else None


def as_tables(report: Report) -> Iterator[Table]:
    """Yield a table for each question that was asked."""
    found = report.findings
    if any(one.change.holes > 1 for one in found.speed):
        yield _speed_table(found.speed)
    if found.experts is not None:
        yield _quality_table("experts", found.experts, report, _count_of)
    if found.context is not None:
        experts = found.context.order[0].experts
        title = f"context tokens, {experts} experts" if experts else "context tokens"
        yield _quality_table(title, found.context, report, _tokens_of)


def _speed_table(speed: Sequence[SpeedResult]) -> Table:
    table = _table("time for a suggestion, beside how the engine is set up")
    for name in ("setting", "value", "rounds", "time", "interval", ""):
        table.add_column(name, justify="left" if name in ("setting", "") else "right")
    for one in speed:
        mark = "clearly faster" if one.better else ""
        table.add_row(
            one.variant.key,
            str(one.variant.value),
            str(one.change.holes),
            f"{one.change.mean:+.0%}",
            _interval(one.change),
            mark,
        )
    return table


def _quality_table(title: str, judgement: Judgement[Setting], report: Report, name: Any) -> Table:
    table = _table(title)
    for column in (
        "", "holes", "NLL", "beside the best", "exact", "similar", "parses", "prompt/s", "decode/s",
        "new place", "a key", "",
    ):  # fmt: skip
        table.add_column(column, justify="right", no_wrap=True)
    compared = _on_common_holes(judgement, report)
    for key in judgement.order:
        if (row := figures(compared[key])) is not None:
            beside = "the best" if key == judgement.best else _beside(judgement.losses[key])
            table.add_row(name(key), *_cells(row, beside), _mark(key, judgement))
    table.caption = (
        "figures: on the holes that all settings have; beside the best: on all that both"
    )
    table.caption_justify = "left"
    return table


def _on_common_holes(
    judgement: Judgement[Setting], report: Report
) -> Mapping[Setting, Sequence[Outcome]]:
    """The outcomes of a question on the holes that all its settings were measured on."""
    found = {key: report.outcomes[key] for key in judgement.order}
    common = set.intersection(*({one.hole for one in some} for some in found.values()))
    return {key: [one for one in some if one.hole in common] for key, some in found.items()}


def _beside(one: Loss) -> str:
    return f"{one.mean:+.1%} ({_interval(one)})"


def _cells(row: Figures, beside: str) -> Sequence[str]:
    return (
        str(row.holes),
        f"{row.nll:.3f}",
        beside,
        f"{row.exact:.0%}",
        f"{row.similarity:.2f}",
        f"{row.parses:.0%}",
        _number(row.prompt_per_second),
        _number(row.decode_per_second),
        f"{row.new_place_ms:.0f} ms",
        f"{row.key_ms:.0f} ms" if row.key_ms is not None else "",
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def _mark(key: Setting, judgement: Judgement[Setting]) -> str:
    if key == judgement.chosen:
        return "chosen" if judgement.enough else ""
    if judgement.beyond(key):
        return "too weak"
    return "not clear" if key in judgement.open else ""


def _table(title: str) -> Table:
    table = Table(title=title, title_justify="left", box=SIMPLE_HEAD)
    table.pad_edge, table.collapse_padding = False, True
    return table


def why_lines(report: Report) -> list[str]:
    """Give a line for each setting that is written."""
    return [f"{change.name} = {change.after}: {change.why}" for change in changes(report)]


def as_text(report: Report) -> str:
    """Say what changes and why, a line each."""
    lines = []
    for change in changes(report):
        same = str(change.before) == str(change.after)
        was = "as before" if same else f"was {change.before}"
        lines.append(f"{change.name} = {change.after} ({was}): {change.why}")
    return "\n".join((*lines, f"measured for {report.findings.seconds:.0f} s"))


def unsure(report: Report) -> str:
    """Say why nothing was decided; "" where something was."""
    if any(changes(report)):
        return ""
    if (holes := len(report.job.repository.holes)) < ENOUGH:
        return f"{holes} places to complete are too few to decide: {ENOUGH} are needed"
    return "the time was too short to decide anything: give more --minutes"
