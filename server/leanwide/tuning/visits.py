"""Visits of a file: somebody opens it, jumps in it, rests or does not, pauses, and types. Pure.

What is missing at first is typed place by place: from one request to the next, nothing of the text
changes but what was typed in between, as in an editor.

How long somebody waits is drawn from what is known of people, not of this machine:

- A pause before more is typed takes 2 to 15 seconds: the "micro pauses" of programmers, who think
  of the next lines (Shrestha and others, "Pausing While Programming", ICSE-SEET 2022). Short ones
  are more frequent; the logarithm is drawn evenly.
- Behind half of the jumps the cursor rests for one mental act of the Keystroke-Level Model, 1.35
  seconds (Card, Moran and Newell, CACM 23(7), 1980), of which an editor waits some until it tells.
  The other half know what they want, and type at once.
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
"""Seconds after which editors tell the server where the cursor rests."""
_MAX_PLACES: Final = 3
"""Places of a visit. With fewer than two, nobody jumps."""
_PAUSE_S: Final = (2.0, 15.0)
_REST_S: Final = (0.0, 1.35)
_MAX_TYPED: Final = 8
"""Characters that are typed between the two requests at a place: about a word."""


class VisitMoment(enum.StrEnum):
    """What had happened when something was asked."""

    COLD = "the cold first place"
    """The file was just opened, and nothing of it is read."""
    JUMP = "a new place in an open file"
    PAUSE = "after a pause"
    """At the same place, when a few characters more are typed."""
    QUESTION = "a question"
    """A function was asked about."""


@frozen(kw_only=True)
class Step:
    """One request of a visit, and the wait before it."""

    place: str
    """The id of its hole."""
    when: VisitMoment
    view: View = field(repr=False)
    truth: str = field(repr=False)
    """What is still to be typed there."""
    wait_s: float
    """Seconds that the cursor rests at the new place, or that nothing is typed at the old one."""


@frozen(kw_only=True)
class VisitPlace:
    """A place of a visit."""

    id: str
    """Of its hole."""
    start: int
    """Where what belongs there begins in the file's text, in code points."""
    end: int
    rest_s: float
    pause_s: float
    typed: int
    """Characters that are typed behind the pause, on the first line."""


@frozen(kw_only=True)
class Visit:
    """A file and the places in it that somebody goes to, in this order."""

    id: str
    uri: str
    path: str
    text: str = field(repr=False)
    """Of the whole file, with LF endings."""
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
        """The file at a place: what belongs to the ones before is there, to later ones is not."""
        place, later = self.places[number], self.places[number + 1 :]
        before = self._piece(0, place.start + typed, later)
        after = self._piece(place.end, len(self.text), later)
        *above, last = split_lines(before + "|")  # the mark keeps an empty last line
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
        """A piece of the text without what is missing in it."""
        gaps = sorted((one.start, one.end) for one in missing if start <= one.start < end)
        edges = (start, *(edge for gap in gaps for edge in gap), end)
        return "".join(
            self.text[one:other] for one, other in zip(edges[::2], edges[1::2], strict=True)
        )


def visits(source: SourceFile) -> Iterator[Visit]:
    """Yield visits of a file, in an order that only its text decides; no hole is in two of them."""
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
