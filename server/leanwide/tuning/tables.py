"""How figures and their intervals read in a table. Pure."""

from __future__ import annotations

import math
from typing import Any, Final

from rich.box import SIMPLE_HEAD
from rich.table import Table

from leanwide.tuning.deciding import Loss
from leanwide.tuning.figures import SettingFigures

QUALITY: Final = ("NLL", "exact", "similar")
"""Headings of :func:`quality_cells`."""
COST: Final = ("time", "quartiles", "evaluated", "prompt")
"""Headings of :func:`cost_cells`."""


def plain_table(title: str) -> Table:
    """Give an empty table in leanwide's manner."""
    table = Table(title=title, title_justify="left", caption_justify="left", box=SIMPLE_HEAD)
    table.pad_edge, table.collapse_padding = False, True
    return table


def quality_cells(found: SettingFigures | None) -> tuple[str, ...]:
    """Give what was suggested as text."""
    if found is None:
        return ("",) * len(QUALITY)
    return f"{found.nll:.3f}", f"{found.exact:.0%}", f"{found.similarity:.2f}"


def cost_cells(found: SettingFigures | None) -> tuple[str, ...]:
    """Give what a suggestion cost as text: milliseconds, then tokens."""
    if found is None:
        return ("",) * len(COST)
    return (
        f"{found.ms:,.0f} ms",
        f"{found.quick_ms:,.0f} to {found.slow_ms:,.0f}",
        f"{found.evaluated:,.0f}",
        f"{found.prompt_tokens:,.0f}",
    )


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
        "places": one.places,
    }
