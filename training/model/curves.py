"""Plots of a run's log and of the figures by expert count."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any, Final

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot

SMOOTH: Final = 25
"""Steps over which the loss curve is averaged."""
TITLES: Final = {"nll": "held-out NLL, nats per token", "exact": "line exact match"}


def read_log(log: Path) -> list[dict[str, str]]:
    """Return the rows of a run's log, one per step; none without a log."""
    if not log.exists():
        return []
    with log.open(newline="") as file:
        return list(csv.DictReader(file))


def draw(log: Path, picture: Path) -> None:
    """Plot training loss, held-out loss by expert count, and load balance over tokens."""
    rows = read_log(log)
    if not rows:
        return
    millions = [int(row["tokens"]) / 1e6 for row in rows]
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(11, 4), width_ratios=(2, 1))
    loss = _smooth([float(row["loss"]) for row in rows])
    left.plot(millions, loss, color="0.6", label="training (mixed expert counts)")
    for name in (field for field in rows[0] if field.startswith("held_out_")):
        points = [(m, float(r[name])) for m, r in zip(millions, rows, strict=True) if r[name]]
        if points:
            label = f"held-out middles, {name.removeprefix('held_out_')} experts"
            left.plot(*zip(*points, strict=True), marker=".", label=label)
    left.set(xlabel="million tokens", ylabel="nats per token")
    left.legend()
    right.plot(millions, _smooth([float(row["balance"]) for row in rows]))
    right.set(xlabel="million tokens", ylabel="load imbalance (1 = even, 16 = one expert)")
    figure.tight_layout()
    figure.savefig(picture, dpi=110)
    pyplot.close(figure)


def by_experts(results: dict[str, Any], picture: Path) -> None:
    """Plot held-out loss and line exact match over the number of experts, with intervals."""
    figure, axes = pyplot.subplots(1, 2, figsize=(9, 3.5))
    counts = [int(count) for count in results]
    for axis, (name, title) in zip(axes, TITLES.items(), strict=True):
        rows = [result[name] for result in results.values()]
        means = [row["mean"] for row in rows]
        spread = ([r["mean"] - r["low"] for r in rows], [r["high"] - r["mean"] for r in rows])
        axis.errorbar(counts, means, yerr=spread, marker="o", capsize=3)
        axis.set_xscale("log", base=2)
        axis.set_xticks(counts, [str(count) for count in counts])
        axis.set(xlabel="experts in use", ylabel=title)
    figure.tight_layout()
    figure.savefig(picture, dpi=110)
    pyplot.close(figure)


def _smooth(values: list[float]) -> list[float]:
    window = (values[max(0, end - SMOOTH) : end] for end in range(1, len(values) + 1))
    return [sum(part) / len(part) for part in window]
