"""Draws what a person does for hours: open a file, type in it, ask about it, close it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Final

from attrs import frozen

from leanwide.lab.replay.traces import (
    Accept,
    Backspace,
    Document,
    Insert,
    Key,
    Move,
    Pause,
    Trace,
)

_SPOTS: Final = 4
"""Places of a document that are typed at in one visit, at most."""
_APART: Final = 4
"""Lines between two places, so that what is typed at one leaves the other as it is."""
_MOST_TYPED: Final = 24
"""Characters that are taken back and typed again at a place."""
_TYPOS: Final = "qxz("
_LONGEST_PATIENCE_S: Final = 6.0


@frozen(kw_only=True)
class Inquiry:
    """A question that is asked while somebody types."""

    command: str
    """``leanwide.explain``, ``leanwide.refactor`` or ``leanwide.chat``."""
    lines: tuple[int, int]
    """First and last line that it is about, counting from 0."""
    after_s: float
    """Seconds from the visit's start until it is asked."""
    patience_s: float | None
    """Seconds until it is cancelled; None waits for the answer."""


@frozen(kw_only=True)
class Visit:
    """One document from its opening to its closing."""

    trace: Trace
    inquiries: tuple[Inquiry, ...]


def visits(documents: Sequence[Document], seed: int) -> Iterator[Visit]:
    """Draw visits without end, every document once at first; the same seed draws the same ones.

    What is kept for the largest of them is then there when the warm-up ends, and no growth.
    """
    draw = random.Random(seed)  # noqa: S311  # no secret
    first = draw.sample(documents, len(documents))
    for document in chain(first, iter(lambda: draw.choice(documents), None)):
        keys = tuple(_keys(document, draw))
        trace = Trace(name="visit", title=document.name, documents=(document,), keys=keys)
        yield Visit(trace=trace, inquiries=tuple(_inquiries(document, draw)))


def _keys(document: Document, draw: random.Random) -> Iterator[Key]:
    lines = document.text.split("\n")
    for number in _spots(document.text, lines, draw):
        line = lines[number]
        yield Move("\n".join(lines[number - 1 : number + 1]))
        taken = line[-draw.randint(1, _MOST_TYPED) :].lstrip()
        yield from [Backspace()] * len(taken)
        for character in taken:
            if draw.random() < 0.05:
                yield Insert(draw.choice(_TYPOS))
                yield Backspace()
            yield Insert(character)
        if draw.random() < 0.5:
            yield Accept()
        yield Pause(draw.uniform(100, 1500))


def _spots(text: str, lines: Sequence[str], draw: random.Random) -> list[int]:
    """Lines to type at, in order; each can be found by itself and the line before it."""
    wanted = [number for number in range(1, len(lines) - 1) if len(lines[number].strip()) > 8]
    chosen: list[int] = []
    for number in sorted(draw.sample(wanted, min(3 * _SPOTS, len(wanted)))):
        place = "\n".join(lines[number - 1 : number + 1])
        far = not chosen or number - chosen[-1] >= _APART
        if far and text.count(place) == 1 and len(chosen) < _SPOTS:
            chosen.append(number)
    return chosen


def _inquiries(document: Document, draw: random.Random) -> Iterator[Inquiry]:
    last = document.text.count("\n")
    for command in draw.choices(
        ("leanwide.explain", "leanwide.chat", "leanwide.refactor"), (5, 4, 1), k=draw.randint(0, 2)
    ):
        first = draw.randint(0, last)
        yield Inquiry(
            command=command,
            lines=(first, min(last, first + draw.randint(0, 30))),
            after_s=draw.uniform(0, 10),
            patience_s=draw.uniform(0, _LONGEST_PATIENCE_S) if draw.random() < 0.4 else None,
        )
