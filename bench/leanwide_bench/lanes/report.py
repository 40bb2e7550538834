"""Measurements of lanes, with the machine's bounds, as tables and as JSON data."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import attrs
from attrs import frozen
from rich.box import SIMPLE_HEAD
from rich.console import Group
from rich.table import Table

from leanwide.models.cost import TokenCost
from leanwide.models.speed import Rates, products_s
from leanwide_bench.lanes.lanes import LanesReport
from leanwide_bench.replay.measure import Spread

_DECODE_CONTEXT_TOKENS: Final = 288
"""Tokens of context behind a token of the measured answer: the prompt and half of the answer."""
_PROMPT_CONTEXT_TOKENS: Final = 128
"""Tokens before a token of the measured prompt, on average."""


@frozen(kw_only=True)
class Bound:
    """The machine's limits with one expert count, in tokens per second."""

    decode_tokens_per_s: float
    """If a token cost only the reading of its weights from memory."""
    prompt_tokens_per_s: float
    """If a token cost only its matrix products."""


def bounds(cost: TokenCost, rates: Mapping[int, Rates]) -> dict[int, Bound]:
    """Return the bounds by expert count, from a token's cost and measured memory and kernels."""
    return {
        count: Bound(
            decode_tokens_per_s=rate.stream_bytes_per_s
            / (cost.decode_bytes(count) + _DECODE_CONTEXT_TOKENS * cost.kv_bytes),
            prompt_tokens_per_s=1 / products_s(cost, rate, count, _PROMPT_CONTEXT_TOKENS),
        )
        for count, rate in rates.items()
    }


def as_data(report: LanesReport, allowed: Mapping[int, Bound]) -> dict[str, Any]:
    """Return the report as JSON data; units are in the names."""
    data: dict[str, Any] = attrs.asdict(report)
    data["opened"]["second_handle_bytes"] = report.opened.second_handle_bytes
    for width in data["widths"]:
        bound = allowed.get(width["experts"])
        width["bound"] = None if bound is None else attrs.asdict(bound)
    return data


def as_tables(report: LanesReport, allowed: Mapping[int, Bound]) -> Group:
    """Return the report as tables."""
    return Group(_speeds(report, allowed), _rest(report))


def _speeds(report: LanesReport, allowed: Mapping[int, Bound]) -> Table:
    table = Table(box=SIMPLE_HEAD, title="tokens per second", title_justify="left")
    table.add_column("experts", justify="right")
    for name in ("prompt", "bare loop", "bound", "decode", "bare loop", "bound", "of bare loop"):
        table.add_column(name, justify="right")
    for width in report.widths:
        bound = allowed.get(width.experts)
        table.add_row(
            str(width.experts or "dense"),
            f"{width.prompt_tokens_per_s:.1f}",
            f"{width.bare_prompt_tokens_per_s:.1f}",
            "" if bound is None else f"{bound.prompt_tokens_per_s:.1f}",
            f"{width.decode_tokens_per_s:.1f}",
            f"{width.bare_decode_tokens_per_s:.1f}",
            "" if bound is None else f"{bound.decode_tokens_per_s:.1f}",
            f"{width.decode_tokens_per_s / width.bare_decode_tokens_per_s:.0%}",
        )
    return table


def _rest(report: LanesReport) -> Table:
    opened, mb = report.opened, 1e6
    table = Table(box=SIMPLE_HEAD, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    if opened.cold_start_ms is not None:
        table.add_row("cold start to the first token", f"{opened.cold_start_ms:,.0f} ms")
    table.add_row("warm start to the first token", f"{opened.warm_start_ms:,.0f} ms")
    table.add_row("second lane opened", f"{opened.second_lane_ms:,.0f} ms")
    table.add_row("memory with one lane", f"{opened.one_lane_bytes / mb:,.0f} MB")
    table.add_row("memory with two lanes", f"{opened.two_lanes_bytes / mb:,.0f} MB")
    buffers = opened.second_lane_buffers_bytes
    table.add_row("  of it the second one's buffers", f"{buffers / mb:,.0f} MB")
    keys = report.keys
    window = f"key to the first new token, {keys.window_tokens} tokens of window"
    table.add_row(window, _spread(keys.key_ms))
    table.add_row("  while a question is evaluated", _spread(keys.beside_question_ms))
    table.add_row("cancelled prompt to an idle engine", _spread(keys.cancel_ms))
    return table


def _spread(found: Spread) -> str:
    return f"p50 {found.p50:,.0f}, p95 {found.p95:,.0f} ms"
