"""Align lines with the lines that they replace, while they are being written.

What is settled by the first lines stays settled: lines that follow change nothing of it.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

_BEHIND: Final = 2
"""Equal lines, not blank, that have to follow a difference: one alone is often a coincidence."""
_LOOKAHEAD: Final = 500
"""Old lines behind the settled ones that a new line is compared with, which bounds the time."""


class Difference(NamedTuple):
    """Old lines from ``start`` to ``end`` are new ones from ``new_start`` to ``new_end``."""

    start: int
    end: int
    """Exclusive."""
    new_start: int
    new_end: int
    """Exclusive."""


class _Run(NamedTuple):
    """Equal lines that end at the newest line."""

    lines: int = 0
    filled: int = 0
    """Those that are not blank."""


def settled_differences(
    old: Sequence[str], new: Sequence[str]
) -> tuple[list[Difference], tuple[int, int]]:
    """Return the differences that lines after ``new`` do not change, and where the rest begins.

    The rest begins at a line of ``old`` and one of ``new``; the lines before both are equal and not
    blank, or there are none. Where lines seem to vanish, as many more equal lines have to follow
    them: they may still come.
    """
    rows: dict[str, list[int]] = {}
    for row, line in enumerate(old):
        rows.setdefault(line, []).append(row)
    found: list[Difference] = []
    row, new_row = 0, 0
    runs: Mapping[int, _Run] = {}
    for new_end, line in enumerate(new, 1):
        same = rows.get(line, [])
        near = same[bisect_left(same, row) : bisect_left(same, row + _LOOKAHEAD)]
        runs = _longer(runs, near, line)
        end = _longest(runs)
        if end is None or not line.strip():
            continue
        run = runs[end]
        size = min(run.lines, end - row)
        between = Difference(row, end - size, new_row, new_end - size)
        vanished = (between.end - between.start) - (between.new_end - between.new_start)
        if run.filled < _BEHIND + max(0, vanished):
            continue
        if between.start < between.end or between.new_start < between.new_end:
            found.append(between)
        row, new_row, runs = end, new_end, {end: run}
    return found, (row, new_row)


def _longer(runs: Mapping[int, _Run], rows: Sequence[int], line: str) -> dict[int, _Run]:
    """Return the runs, by the old row behind them, after one more line that is at ``rows``."""
    filled = bool(line.strip())
    longer: dict[int, _Run] = {}
    for row in rows:
        before = runs.get(row, _Run())
        longer[row + 1] = _Run(before.lines + 1, before.filled + filled)
    return longer


def _longest(runs: Mapping[int, _Run]) -> int | None:
    """Return the end of the run with the most filled lines; None if two have as many."""
    end = max(runs, key=lambda row: runs[row].filled, default=None)
    if end is None:
        return None
    most = runs[end].filled
    return end if sum(run.filled == most for run in runs.values()) == 1 else None
