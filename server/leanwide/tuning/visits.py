"""Simulated visits of a file: a user opens it, jumps to places, rests or not, pauses, types. Pure.

The text of all places is missing at first and is typed place by place: as in an editor, two
consecutive requests differ only by what was typed in between.

The waiting times come from studies of users and do not depend on the machine:

- A pause before more is typed takes 2 to 15 seconds: the "micro pauses" of programmers, who think
  of the next lines (Shrestha and others, "Pausing While Programming", ICSE-SEET 2022). Short ones
  are more frequent: the logarithm is drawn evenly.
- After half of the jumps the cursor rests for one mental act of the Keystroke-Level Model, 1.35
  seconds (Card, Moran and Newell, CACM 23(7), 1980); an editor reports its position during that
  time. After the other half the user types at once.
"""

from __future__ import annotations

import enum
import math
import random
from collections.abc import Iterator
from itertools import accumulate
from typing import Final

from attrs import field, frozen

from leanwide.context.view import View, split_lines, with_lf
from leanwide.tuning.holes import Hole, SourceFile, holes

CURSOR_REST_S: Final = 0.3
"""Seconds after which editors report the position of a resting cursor."""
_MAX_PLACES: Final = 3
"""Places of a visit. A file with fewer than two gives no jump, and no visit."""
_PAUSE_S: Final = (2.0, 15.0)
_REST_S: Final = (0.0, 1.35)
_MAX_TYPED: Final = 8
"""Characters that are typed between the two requests at a place, about a word."""


class VisitMoment(enum.StrEnum):
    """What happened just before a request."""

    COLD = "the cold first place"
    """The file was opened; nothing of it is in the KV cache."""
    JUMP = "a new place in an open file"
    PAUSE = "after a pause"
    """At the same place, a few more characters were typed."""
    QUESTION = "a question"
    """A question about a function."""


@frozen(kw_only=True)
class Step:
    """One request of a visit, and the wait before it."""

    place: str
    """The id of its hole."""
    when: VisitMoment
    view: View = field(repr=False)
    truth: str = field(repr=False)
    """The text that is still to be typed there."""
    wait_s: float
    """Seconds that the cursor rests at the new place, or that the user pauses at the old one."""


@frozen(kw_only=True)
class VisitPlace:
    """A place of a visit."""

    id: str
    """Of its hole."""
    start: int
    """Where the missing text begins in the file, in code points."""
    end: int
    rest_s: float
    """Seconds that the cursor rests there after a jump."""
    pause_s: float
    """Seconds between the two requests."""
    typed: int
    """Characters of the first line that are typed between the two requests."""


@frozen(kw_only=True)
class Visit:
    """A file and the places in it that the user goes to, in this order."""

    id: str
    uri: str
    path: str
    text: str = field(repr=False)
    """The whole file, with LF endings."""
    places: tuple[VisitPlace, ...]

    def steps(self) -> Iterator[Step]:
        """Yield two requests for each place."""
        for number, place in enumerate(self.places):
            first = VisitMoment.JUMP if number else VisitMoment.COLD
            wait_s = place.rest_s if number else 0.0
            yield self._step(number, 0, first, wait_s)
            yield self._step(number, place.typed, VisitMoment.PAUSE, place.pause_s)

    def _step(self, number: int, typed: int, when: VisitMoment, wait_s: float) -> Step:
        place = self.places[number]
        return Step(
            place=place.id,
            when=when,
            view=self._view(number, typed),
            truth=self.text[place.start + typed : place.end],
            wait_s=wait_s,
        )

    def _view(self, number: int, typed: int) -> View:
        """Return the file at a place: earlier places are filled in, later ones still missing."""
        place, later = self.places[number], self.places[number + 1 :]
        before = self._piece(0, place.start + typed, later)
        after = self._piece(place.end, len(self.text), later)
        *above, last = split_lines(before + "|")  # the "|" keeps an empty last line
        return View(
            uri=f"{self.uri}#{self.id}",
            path=self.path,
            language_id="",
            version=2 * number + bool(typed),
            lines=tuple(split_lines(before + after)),
            line=len(above),
            column=len(last) - 1,
        )

    def _piece(self, start: int, end: int, missing: tuple[VisitPlace, ...]) -> str:
        """Return a piece of the text without the missing places."""
        gaps = sorted((place.start, place.end) for place in missing if start <= place.start < end)
        edges = (start, *(edge for gap in gaps for edge in gap), end)
        return "".join(
            self.text[first:last] for first, last in zip(edges[::2], edges[1::2], strict=True)
        )


def visits(source: SourceFile) -> Iterator[Visit]:
    """Yield visits of a file, always the same ones for the same text; no two share a hole."""
    lines = [with_lf(line) for line in source.tree.lines]
    text, starts = "".join(lines), (0, *accumulate(map(len, lines)))
    chosen: list[VisitPlace] = []
    for hole in holes(source):
        place = _place(hole, starts[hole.view.line] + hole.view.column)
        if all(_are_apart(text, place, other) for other in chosen):
            chosen.append(place)
        if len(chosen) == _MAX_PLACES:
            yield _visit(source, text, chosen)
            chosen = []
    if len(chosen) > 1:
        yield _visit(source, text, chosen)


def _visit(source: SourceFile, text: str, places: list[VisitPlace]) -> Visit:
    return Visit(id=places[0].id, uri=source.uri, path=source.path, text=text, places=tuple(places))


def _place(hole: Hole, start: int) -> VisitPlace:
    draw = random.Random(hole.id)  # noqa: S311  # no secret
    low, high = map(math.log, _PAUSE_S)
    first_line, _, _ = hole.truth.partition("\n")
    return VisitPlace(
        id=hole.id,
        start=start,
        end=start + len(hole.truth),
        rest_s=draw.choice(_REST_S),
        pause_s=math.exp(draw.uniform(low, high)),
        typed=draw.randint(1, max(1, min(_MAX_TYPED, len(first_line) // 2))),
    )


def _are_apart(text: str, one: VisitPlace, other: VisitPlace) -> bool:
    """Whether two places share no line."""
    first, second = sorted((one, other), key=lambda place: place.start)
    return "\n" in text[first.end : second.start]
