"""What drafts are worth, as tables and as JSON data."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import quantiles
from typing import Any

import attrs
from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide_bench.drafts.edits import EditSpeed
from leanwide_bench.drafts.forced import ForcedReport


def as_data(forced: ForcedReport | None, edits: Sequence[EditSpeed]) -> dict[str, Any]:
    """Return the figures as JSON data; units are in the names."""
    return {
        "forced": None if forced is None else attrs.asdict(forced),
        "edits": [{**attrs.asdict(edit), "speed_up": edit.speed_up} for edit in edits],
    }


def as_tables(forced: ForcedReport | None, edits: Sequence[EditSpeed]) -> list[Table]:
    """Return the figures as tables."""
    tables = [] if forced is None else [_steps(forced), _answers(forced)]
    return [*tables, _edits(edits), _summary(edits)] if edits else tables


def _steps(report: ForcedReport) -> Table:
    table = _table("A step with the logits after each token", "experts", "tokens", "ms")
    for step in report.steps:
        table.add_row(str(step.experts), str(step.tokens), f"{step.ms:.1f}")
    return table


def _answers(report: ForcedReport) -> Table:
    table = _table(
        "Answers", "experts", "draft", "tokens/s", "times", "drafted", "accepted", "steps"
    )
    alone = {answer.experts: answer.tokens_per_s for answer in report.answers[::-1]}
    for answer in report.answers:
        table.add_row(
            str(answer.experts),
            answer.draft,
            f"{answer.tokens_per_s:.1f}",
            f"{answer.tokens_per_s / alone[answer.experts]:.2f}",
            str(answer.tokens_drafted),
            str(answer.tokens_accepted),
            str(answer.steps),
        )
    return table


def _edits(edits: Sequence[EditSpeed]) -> Table:
    table = _table(
        "Edits", "function", "instruction", "lines", "tokens", "tokens/s alone", "tokens/s",
        "times", "drafted", "accepted", "same text",
    )  # fmt: skip
    for edit in edits:
        table.add_row(
            edit.name,
            edit.instruction,
            str(edit.lines),
            str(edit.tokens),
            f"{edit.plain_tokens_per_s:.1f}",
            f"{edit.tokens_per_s:.1f}",
            f"{edit.speed_up:.2f}",
            str(edit.tokens_drafted),
            str(edit.tokens_accepted),
            "yes" if edit.same else "no",
        )
    return table


def _summary(edits: Sequence[EditSpeed]) -> Table:
    ups = sorted(edit.speed_up for edit in edits)
    tenths = quantiles(ups, n=10, method="inclusive") if len(ups) > 1 else ups * 9
    drafted = sum(edit.tokens_drafted for edit in edits)
    accepted = sum(edit.tokens_accepted for edit in edits)
    table = _table("All edits", "edits", "times p10", "p50", "p90", "accepted", "same text")
    table.add_row(
        str(len(edits)),
        *(f"{tenths[at]:.2f}" for at in (0, 4, 8)),
        f"{accepted / drafted:.0%}" if drafted else "nothing drafted",
        str(sum(edit.same for edit in edits)),
    )
    return table


def _table(title: str, *columns: str) -> Table:
    table = Table(title=title, box=SIMPLE_HEAD, title_justify="left")
    for column in columns:
        words = column in {"draft", "function", "instruction", "same text"}
        table.add_column(column, justify="left" if words else "right")
    return table
