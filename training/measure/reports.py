"""Tables of what the evaluation found, in Markdown."""

from __future__ import annotations

import math
from typing import Any, Final

FIGURES: Final = {
    "nll": ("NLL, nats per token", "{:.3f}"),
    "exact": ("line exact match", "{:.1%}"),
    "similarity": ("edit similarity", "{:.3f}"),
    "parses": ("parses after insert", "{:.1%}"),
    "stops": ("stops where it should", "{:.1%}"),
}
COMPARED: Final = ("exact", "similarity", "nll", "parses")
"""Figures of the table by language."""


def by_language(results: dict[str, Any]) -> str:
    """Return a row for each language and expert count, and for each baseline."""
    titles = ["language", "holes", "", *(FIGURES[name][0] for name in COMPARED)]
    rows = [
        [language, str(own["cases"]), label, *(cell(row[name], name) for name in COMPARED)]
        for language, own in results["languages"].items()
        for label, row in _labelled(own)
    ]
    return table(titles, rows)


def by_experts(own: dict[str, Any], speeds: dict[str, float]) -> str:
    """Return a row for each expert count of one language, with the speed, and each baseline."""
    titles = ["", *(title for title, _ in FIGURES.values()), "decode tokens/s"]
    counts = list(own["experts"])
    rows = [
        [label, *(cell(row[name], name) for name in FIGURES), speed]
        for (label, row), speed in zip(
            _labelled(own), [*(f"{speeds[count]:.0f}" for count in counts), "", ""], strict=True
        )
    ]
    return table(titles, rows)


def cell(estimate: dict[str, float], name: str) -> str:
    """Return an estimate with its interval."""
    mean, low, high = (estimate[key] for key in ("mean", "low", "high"))
    if math.isnan(mean):
        return "not defined"
    pattern = FIGURES[name][1]
    return f"{pattern.format(mean)} ({pattern.format(low)} to {pattern.format(high)})"


def table(titles: list[str], rows: list[list[str]]) -> str:
    """Return a table in Markdown."""
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _labelled(own: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        *((f"{count} experts", row) for count, row in own["experts"].items()),
        ("copy the most similar line", own["copy"]),
        ("5-gram", own["ngram"]),
    ]
