"""Turns a plan into text: as many of the planned lines as fit, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from leanwide.context.plan import LineRun, TokenRoom, WindowPlan
from leanwide.context.view import View, with_lf
from leanwide.context.window import ChosenLines, Count

_MARK_TOKENS: Final = 4
"""Tokens of a fold mark with its indentation, at most."""


def choose_lines(view: View, plan: WindowPlan, room: TokenRoom, count: Count) -> ChosenLines:
    """Return the lines around the cursor's line that fit into ``room``."""
    above = _fill(view, plan.before, room.before, count)
    below = _fill(view, plan.after, room.after, count)
    before = []
    for number in sorted(above):
        before.append(with_lf(view.lines[number]))
        # Where a body is left out, a mark stands for it.
        if number in plan.folded and number + 1 not in above and number + 1 < view.line:
            before.append(_fold_mark(view.lines[number + 1], plan.fold_mark))
    last_below = view.line + 1
    while last_below in below:  # up to the first gap
        last_below += 1
    return ChosenLines(
        before="".join(before),
        after=with_lf("".join(view.lines[view.line + 1 : last_below])),
    )


def _fill(view: View, parts: Iterable[LineRun], room: int, count: Count) -> set[int]:
    """Return the numbers of the lines that fit, taking the parts in order."""
    chosen: set[int] = set()
    for part in parts:
        numbers = [number for number in range(part.first, part.last) if number not in chosen]
        if part.whole:
            total = sum(_cost(view, number, count) for number in numbers) + _MARK_TOKENS
            if total <= room:
                chosen.update(numbers)
                room -= total
            continue
        for number in reversed(numbers) if part.last <= view.line else numbers:
            room -= _cost(view, number, count)
            if room < 0:
                return chosen
            chosen.add(number)
    return chosen


def _cost(view: View, number: int, count: Count) -> int:
    return count(with_lf(view.lines[number]))


def _fold_mark(body: str, mark: str) -> str:
    """Return the mark, indented like the body that it replaces."""
    indentation = body[: len(body) - len(body.lstrip(" \t\r\n"))].rstrip("\r\n")
    return f"{indentation or '    '}{mark}\n"
