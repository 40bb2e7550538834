"""The figures of many typists as a table and as JSON data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide_bench.load.typists import LoadResult
from leanwide_bench.replay.measure import Spread

_COLUMNS = (
    "typists", "keys", "asked", "superseded", "p50", "p95", "p99", "medians", "failed",
    "misanswered", "engines", "engine MB", "servers MB",
)  # fmt: skip


def as_table(results: Sequence[LoadResult]) -> Table:
    """Return a table with a row for each number of typists."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for name in _COLUMNS:
        table.add_column(name, justify="right")
    for result in results:
        answers, medians = result.summary.answers, result.medians_ms
        table.add_row(
            str(result.typists),
            str(result.summary.keys),
            str(answers.requests),
            str(answers.retired_requests),
            *_times(answers.key_to_answer_ms),
            "" if medians is None else f"{medians.p50:.0f}, worst {medians.max:.0f}",
            str(answers.failed_answers),
            str(result.summary.misanswered_requests),
            str(len(result.engines)),
            f"{sum(engine.memory_bytes for engine in result.engines) / 1e6:.0f}",
            f"{result.server_bytes / 1e6:.0f}",
        )
    table.caption = (
        "p50 to p99: ms from the key to its answer, superseded requests left out"
        " · medians: of the typists, from the best to the worst"
    )
    table.caption_justify = "left"
    return table


def as_data(results: Sequence[LoadResult]) -> list[dict[str, Any]]:
    """Return the figures as JSON data; units are in the names."""
    return [
        {
            "typists": result.typists,
            "keys": result.summary.keys,
            **attrs.asdict(result.summary.answers),
            "typist_medians_ms": None
            if result.medians_ms is None
            else attrs.asdict(result.medians_ms),
            "engines": len(result.engines),
            "engine_bytes": sum(engine.memory_bytes for engine in result.engines),
            "server_bytes": result.server_bytes,
        }
        for result in results
    ]


def _times(figures: Spread | None) -> list[str]:
    if figures is None:
        return ["", "", ""]
    return [f"{value:.0f}" for value in (figures.p50, figures.p95, figures.p99)]
