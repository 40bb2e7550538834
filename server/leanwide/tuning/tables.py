"""Figures and intervals as table cells. Pure."""

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
    """Return an empty table in the style of all measuring commands."""
    table = Table(title=title, title_justify="left", caption_justify="left", box=SIMPLE_HEAD)
    table.pad_edge, table.collapse_padding = False, True
    return table


def quality_cells(found: SettingFigures | None) -> tuple[str, ...]:
    """Return the quality of suggestions as text, under :data:`QUALITY`."""
    if found is None:
        return ("",) * len(QUALITY)
    return f"{found.nll:.3f}", f"{found.exact:.0%}", f"{found.similarity:.2f}"


def cost_cells(found: SettingFigures | None) -> tuple[str, ...]:
    """Return the cost of a suggestion as text, under :data:`COST`: milliseconds, then tokens."""
    if found is None:
        return ("",) * len(COST)
    return (
        f"{found.ms:,.0f} ms",
        f"{found.quick_ms:,.0f} to {found.slow_ms:,.0f}",
        f"{found.evaluated:,.0f}",
        f"{found.prompt_tokens:,.0f}",
    )


def interval(loss: Loss) -> str:
    """Return an interval as text."""
    return f"{loss.low:+.1%} to {loss.high:+.1%}" if not math.isinf(loss.low) else "not known"


def difference(loss: Loss) -> str:
    """Return a difference with its interval as text."""
    return f"{loss.mean:+.1%} ({interval(loss)})" if not math.isinf(loss.low) else "not known"


def loss_data(loss: Loss) -> dict[str, Any]:
    """Return a difference as JSON data; the ends are None if they are not known."""
    known = not math.isinf(loss.low)
    return {
        "mean": loss.mean,
        "low": loss.low if known else None,
        "high": loss.high if known else None,
        "places": loss.places,
    }
