"""How figures and their intervals read in a table. Pure."""

from __future__ import annotations

import math
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide.lab.tuning.deciding import Loss
from leanwide.lab.tuning.figures import Figures

FIGURES: Final = (
    "exact",
    "similar",
    "parses",
    "prompt/s",
    "decode/s",
    "new place",
    "a key",
)
"""Headings of :func:`cells`."""


def plain_table(title: str) -> Table:
    """Give an empty table in leanwide's manner."""
    table = Table(title=title, title_justify="left", caption_justify="left", box=SIMPLE_HEAD)
    table.pad_edge, table.collapse_padding = False, True
    return table


def cells(row: Figures) -> tuple[str, ...]:
    """Give figures as text, under :data:`FIGURES`."""
    return (
        f"{row.exact:.0%}",
        f"{row.similarity:.2f}",
        f"{row.parses:.0%}",
        _per_second(row.prompt_per_second),
        _per_second(row.decode_per_second),
        f"{row.new_place_ms:.0f} ms",
        f"{row.key_ms:.0f} ms" if row.key_ms is not None else "",
    )


def _per_second(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}"


def interval(one: Loss) -> str:
    """Give the ends of an interval."""
    return f"{one.low:+.1%} to {one.high:+.1%}" if not math.isinf(one.low) else "not known"


def difference(one: Loss) -> str:
    """Give a difference with its interval."""
    return f"{one.mean:+.1%} ({interval(one)})" if not math.isinf(one.low) else "not known"


def loss_data(one: Loss) -> dict[str, Any]:
    """Give a difference as JSON has it; the ends are None where they are not known."""
    known = not math.isinf(one.low)
    return {
        "mean": one.mean,
        "low": one.low if known else None,
        "high": one.high if known else None,
        "holes": one.holes,
    }
