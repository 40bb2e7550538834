"""Indentation: how a text is indented, and how to indent a model's code like it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from functools import partial
from itertools import groupby, pairwise
from typing import Final

from attrs import field, frozen

from leanwide.syntax import NO_TEXT, TextRows

_UNITS: Final = ("\t", "  ", "   ", "    ", 8 * " ")
"""White space that may be one level; other steps to the right are alignment."""


@frozen
class Indentation:
    """How lines are indented."""

    margin: str
    """White space before a line, or before all of them."""
    unit: str
    """One level: a tab or spaces; "" if the lines show none."""


def indentation(lines: Iterable[str]) -> Indentation:
    """Return how lines are indented, the first one and by level.

    A level is the most frequent step to the right.
    """
    leads = [_lead(line) for line in lines if line.strip()]
    steps: Counter[str] = Counter()
    for above, below in pairwise(leads):
        step = below.removeprefix(above)
        if below.startswith(above) and step in _UNITS:
            steps[step] += 1
    unit = max(steps, key=steps.__getitem__, default="")
    return Indentation(leads[0] if leads else "", unit)


def code_indentation(lines: Sequence[str], text: TextRows = NO_TEXT) -> Indentation:
    """Return how lines are indented that begin in code: what all of them have, and a level."""
    code = [line for at, line in enumerate(lines) if at not in text.all and line.strip()]
    leads = [_lead(line) for line in code]
    least = min(leads, key=len, default="")
    margins = (least[:size] for size in range(len(least), 0, -1))
    margin = next((one for one in margins if all(lead.startswith(one) for lead in leads)), "")
    return Indentation(margin, indentation(code).unit)


def reindented(lines: Sequence[str], wanted: Indentation, text: TextRows = NO_TEXT) -> list[str]:
    """Return lines indented as wanted, all moved by as much; blank lines become empty.

    Args:
        lines: Without their endings.
        wanted: The margin of the line that is farthest left, and the level.
        text: Which of the lines begin inside a string or comment.
    """
    own = code_indentation(lines, text)
    move = _Move(own, Indentation(wanted.margin, wanted.unit or own.unit), wanted.margin)
    return move.moved(lines, text)


def reindented_like(
    model: Sequence[str], lines: Sequence[str], text: TextRows, wanted: Indentation
) -> list[str]:
    """Return lines indented as those that they replace; blank lines become empty.

    All are moved by as much, so that as much as possible of them is found in the model. Where that
    says nothing, the first line stays if it is indented as the model's, and else the line that is
    farthest left gets the margin.

    Args:
        model: The lines that they replace, without endings.
        lines: Without their endings.
        text: Which of the lines begin inside a string or comment.
        wanted: The margin of the model's line that is farthest left, and the level.
    """
    own = code_indentation(lines, text)
    wanted = Indentation(wanted.margin, wanted.unit or own.unit)
    known = Counter(line.rstrip() for line in model if line.strip())
    first, its_first = indentation(lines).margin, indentation(model).margin
    ends = [(own.margin, wanted.margin), (first, its_first)]
    moves = [
        _Move(Indentation(old, unit), Indentation(new, wanted.unit), wanted.margin, known)
        for unit in dict.fromkeys((own.unit, wanted.unit))
        for old, new in (reversed(ends) if first == its_first else ends)
    ]
    stay = Indentation("", wanted.unit)
    moves.append(_Move(stay, stay, wanted.margin, known))
    return max((move.moved(lines, text) for move in moves), key=partial(_shared, known))


@frozen
class _Move:
    """How lines are moved: from a margin and level to others."""

    old: Indentation
    new: Indentation
    least: str
    """White space that all lines get, but for known ones."""
    known: Counter[str] = field(factory=Counter)
    """Lines that may stay where they are: how often each stands in the document."""

    def moved(self, lines: Sequence[str], text: TextRows) -> list[str]:
        """Return the lines after the move."""
        rows: list[str] = []
        head = ("", "")
        for is_text, run in groupby(enumerate(lines), key=lambda one: text.of(one[0])):
            texts = [line for _, line in run]
            if is_text is None:
                rows += map(self._moved, texts)
                head = (_lead(texts[-1]), _lead(rows[-1]))
                continue
            after = [shifted(line, *head) for line in texts]
            follows = is_text == "following"
            rows += after if follows or self._shows(after) > self._shows(texts) else texts
        return rows

    def _shows(self, rows: Sequence[str]) -> int:
        return _shared(self.known, rows)

    def _moved(self, line: str) -> str:
        """Return a line of code after the move."""
        if not line.strip():
            return ""
        white, code = _lead(line), line.strip()
        directive = not white and code.startswith("#")
        if (directive or not white.startswith(self.old.margin)) and line.rstrip() in self.known:
            return line.rstrip()
        lead = self._after(white)
        if not lead.startswith(self.least) and f"{lead}{code}" not in self.known:
            lead = self.least
        return f"{lead}{code}"

    def _after(self, white: str) -> str:
        """Return the white space in place of that before a line of code."""
        old, new = self.old, self.new
        if not white.startswith(old.margin):
            return shifted(white, old.margin, new.margin)
        inner, levels = white[len(old.margin) :], 0
        if old.unit and old.unit != new.unit:
            while inner.startswith(old.unit):
                inner, levels = inner[len(old.unit) :], levels + 1
        return f"{new.margin}{new.unit * levels}{inner}"


def shifted(line: str, old: str, new: str) -> str:
    """Return a line, moved as far as white space has to be moved to become another."""
    if line.startswith(old):
        return new + line[len(old) :]
    if new.endswith(old):
        return new[: len(new) - len(old)] + line if line.strip() else line
    white = _lead(line)
    rest = white.removeprefix(old[: len(old) - len(new)]) if old.endswith(new) else new
    return rest + line[len(white) :]


def _shared(known: Counter[str], rows: Sequence[str]) -> int:
    """Return how many characters of lines stand in known ones, too."""
    return sum(
        len(line.strip()) * count
        for line, count in (known & Counter(row.rstrip() for row in rows)).items()
    )


def _lead(line: str) -> str:
    return line[: len(line) - len(line.lstrip(" \t"))]
