"""A replay's figures as a table and as JSON data."""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import attrs
import psutil
from attrs import frozen
from rich.box import SIMPLE_HEAD
from rich.markup import escape
from rich.table import Table

from leanwide import __version__
from leanwide_bench.replay.measure import ReplaySummary, Spread
from leanwide_bench.replay.peer import PeerSummary
from leanwide_bench.replay.replay import Replay, ReplayPlan

_COLUMNS: Final = (
    "keys",
    "asked",
    "p50",
    "p95",
    "p99",
    "max",
    "eval",
    "reused",
    "gen",
    "cached",
    "retired",
    "empty",
    "other",
)


@frozen(kw_only=True)
class ReplayReport:
    """A replay and its comparison with a llama-server."""

    plan: ReplayPlan
    replay: Replay
    peer: Mapping[str, PeerSummary]
    """By the name of the trace; empty without a llama-server."""


def as_data(report: ReplayReport) -> dict[str, Any]:
    """Return the report as JSON data; units are in the names."""
    model = report.replay.status.get("model") or {}
    return {
        "leanwide": __version__,
        "machine": {
            "system": platform.system(),
            "architecture": platform.machine(),
            "python": platform.python_version(),
            "cores": psutil.cpu_count(logical=False),
        },
        "model": {
            "name": model.get("name"),
            "megabytes": _megabytes(model.get("path")),
            "lanes": report.replay.status.get("lanes", []),
        },
        "pace_ms": report.plan.pace_ms,
        "repeat": report.plan.repeat,
        "results": [
            {
                "client": result.client,
                "trace": result.trace.name if result.trace else None,
                **_summary_data(result.summary),
            }
            for result in report.replay.results
        ],
        "peer": [{"trace": name, **attrs.asdict(peer)} for name, peer in report.peer.items()],
    }


def _summary_data(summary: ReplaySummary) -> dict[str, Any]:
    """Return all figures of a summary on one level."""
    data = attrs.asdict(summary)
    return {**data.pop("answers"), **data.pop("work"), **data}


def as_table(report: ReplayReport) -> Table:
    """Return the report as a table; times are milliseconds, tokens are "median, p95" per record."""
    pace = f"{report.plan.pace_ms:g} ms a key" if report.plan.pace_ms else "as fast as possible"
    model = (report.replay.status.get("model") or {}).get("name", "?")
    table = Table(title=escape(f"{model}, {pace}"), title_justify="left", box=SIMPLE_HEAD)
    table.pad_edge, table.collapse_padding = False, True
    table.add_column("client", no_wrap=True)
    table.add_column("trace")
    for name in _COLUMNS:
        table.add_column(name, justify="right", no_wrap=True)
    table.caption = (
        "p50 to max: ms from the key to its answer, debounce included · tokens evaluated,"
        " reused, generated: median, p95 of the server's records"
        " · other: ms outside llama.cpp, p95"
    )
    table.caption_justify = "left"
    for result in report.replay.results:
        title = result.trace.title if result.trace else "all"
        cells = (result.client, title, *_row(result.summary))
        table.add_row(*cells, end_section=result.trace is None)
    for trace in report.plan.traces:
        if (figures := report.peer.get(trace.name)) is not None:
            table.add_row("llama-server", trace.title, *_peer_row(figures))
    return table


def _row(summary: ReplaySummary) -> Sequence[str]:
    answers, work = summary.answers, summary.work
    other = work.stages_ms.get("other")
    return (
        str(summary.keys),
        str(answers.requests),
        *_times(answers.key_to_answer_ms),
        _tokens(work.tokens_evaluated),
        _tokens(work.tokens_reused),
        _tokens(work.tokens_generated),
        str(work.cache_answers),
        str(answers.retired_requests),
        str(answers.empty_answers),
        _ms(other.p95) if other else "",
    )


def _peer_row(figures: PeerSummary) -> Sequence[str]:
    return (
        str(figures.keys),
        str(figures.requests),
        *_times(figures.key_to_answer_ms),
        _tokens(figures.tokens_evaluated),
        _tokens(figures.tokens_reused),
        _tokens(figures.tokens_generated),
        str(figures.cache_answers),
        "",
        "",
        "",
    )


def _times(figures: Spread | None) -> Sequence[str]:
    if figures is None:
        return ("", "", "", "")
    return tuple(_ms(value) for value in (figures.p50, figures.p95, figures.p99, figures.max))


def _ms(value: float) -> str:
    return f"{value:.1f}" if value < 100 else f"{value:.0f}"


def _tokens(figures: Spread | None) -> str:
    return f"{figures.p50:.0f}, {figures.p95:.0f}" if figures is not None else ""


def _megabytes(path: str | None) -> float | None:
    if path is None or not Path(path).exists():
        return None
    return round(Path(path).stat().st_size / 1e6, 1)
