"""A replay's figures as a table to read, and as data to keep."""

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
    """Everything that is reported."""

    plan: ReplayPlan
    replay: Replay
    peer: Mapping[str, PeerSummary]
    """By the name of the trace; empty where no peer was asked."""


def as_data(report: ReplayReport) -> dict[str, Any]:
    """Give the report as JSON has it; units are in the names."""
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
                "client": one.client,
                "trace": one.trace.name if one.trace else None,
                **attrs.asdict(one.summary),
            }
            for one in report.replay.results
        ],
        "peer": [{"trace": name, **attrs.asdict(one)} for name, one in report.peer.items()],
    }


def as_table(report: ReplayReport) -> Table:
    """Give the report as a table; times are milliseconds, tokens are "median, p95" per key."""
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
        " reused, generated: median, p95 of what the server accounts for"
        " · other: ms outside llama.cpp, p95"
    )
    table.caption_justify = "left"
    for one in report.replay.results:
        title = one.trace.title if one.trace else "all"
        table.add_row(one.client, title, *_row(one.summary), end_section=one.trace is None)
    for trace in report.plan.traces:
        if (figures := report.peer.get(trace.name)) is not None:
            table.add_row("llama-server", trace.title, *_peer_row(figures))
    return table


def _row(summary: ReplaySummary) -> Sequence[str]:
    other = summary.stages_ms.get("other")
    return (
        str(summary.keys),
        str(summary.requests),
        *_times(summary.key_to_answer_ms),
        _tokens(summary.tokens_evaluated),
        _tokens(summary.tokens_reused),
        _tokens(summary.tokens_generated),
        str(summary.cache_answers),
        str(summary.retired_requests),
        str(summary.empty_answers),
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
