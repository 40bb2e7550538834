"""Indentation: how a text is indented, and how to indent a model's code like it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Sequence
from itertools import pairwise
from typing import Final

from attrs import frozen

_UNITS: Final = ("\t", "  ", "   ", "    ", 8 * " ")
"""White space that may be one level; other steps to the right are alignment."""


@frozen
class Indentation:
    """How lines are indented."""

    margin: str
    """White space before the first line that is not blank."""
    unit: str
    """One level: a tab or spaces; "" if the lines show none."""


def indentation(lines: Iterable[str]) -> Indentation:
    """Return how lines are indented; a level is the most frequent step to the right."""
    leads = [_lead(line) for line in lines if line.strip()]
    steps: Counter[str] = Counter()
    for above, below in pairwise(leads):
        step = below.removeprefix(above)
        if below.startswith(above) and step in _UNITS:
            steps[step] += 1
    unit = max(steps, key=steps.__getitem__, default="")
    return Indentation(leads[0] if leads else "", unit)


def reindented(lines: Sequence[str], wanted: Indentation, kept: Container[int]) -> list[str]:
    """Return lines indented as wanted; blank lines become empty.

    Args:
        lines: Without their endings.
        wanted: The margin of the first line, and the level.
        kept: Indexes of lines that stay as they are, because their white space is text.
    """
    own = indentation(line for at, line in enumerate(lines) if at not in kept)
    unit = wanted.unit or own.unit
    return [
        line if at in kept else f"{_moved(line, own, wanted.margin, unit)}{line.strip()}"
        for at, line in enumerate(lines)
    ]


def _moved(line: str, own: Indentation, margin: str, unit: str) -> str:
    """Return the new white space before a line."""
    if not line.strip():
        return ""
    lead = _lead(line)
    if not lead.startswith(own.margin):
        return margin
    inner = lead[len(own.margin) :]
    if own.unit and own.unit != unit:
        levels = 0
        while inner.startswith(own.unit):
            inner, levels = inner[len(own.unit) :], levels + 1
        inner = unit * levels + inner
    return margin + inner


def _lead(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
