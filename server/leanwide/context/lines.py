"""Choosing lines without syntax: what stands nearest to the cursor."""

from __future__ import annotations

from collections.abc import Iterable

from leanwide.context.view import View, with_lf
from leanwide.context.window import Chosen, Count


def lines_in_reach(view: View, budget: int) -> tuple[str, ...]:
    """Give every line that may be counted for this budget: no line takes less than one token."""
    return view.lines[max(0, view.line - budget) : view.line + budget]


def nearest_lines(view: View, room_before: int, room_after: int, count: Count) -> Chosen:
    """Choose whole lines outward from the cursor while they fit; room in tokens."""
    before = _fitting(reversed(view.lines[: view.line]), room_before, count)
    after = _fitting(view.lines[view.line + 1 :], room_after, count)
    first = view.line - before
    return Chosen(
        before=with_lf("".join(view.lines[first : view.line])),
        after=with_lf("".join(view.lines[view.line + 1 : view.line + 1 + after])),
    )


def _fitting(lines: Iterable[str], room: int, count: Count) -> int:
    """How many of ``lines``, from the first on, fit into ``room`` tokens."""
    fitting = 0
    for line in lines:
        room -= count(line)
        if room < 0:
            break
        fitting += 1
    return fitting
