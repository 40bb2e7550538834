"""Draws what a person does for hours: open a file, type in it, ask about it, close it."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from typing import Final

from attrs import frozen

from leanwide_bench.replay.traces import (
    Accept,
    Backspace,
    Insert,
    Key,
    Move,
    Pause,
    Trace,
    TraceDocument,
)

_MAX_PLACES: Final = 4
"""Places of a document that are typed at in one visit, at most."""
_MIN_LINES_APART: Final = 4
"""Lines between two places, so that what is typed at one leaves the other as it is."""
_MAX_TYPED: Final = 24
"""Characters that are taken back and typed again at a place."""
_TYPOS: Final = "qxz("
_COMMANDS: Final = ("leanwide.explain", "leanwide.chat", "leanwide.refactor")
_COMMAND_WEIGHTS: Final = (5, 4, 1)
"""How often each of them is asked, one to the others."""
_MAX_PATIENCE_S: Final = 6.0


@frozen(kw_only=True)
class SoakQuestion:
    """A question that is asked while somebody types."""

    command: str
    """One of the server's: to explain, chat or refactor."""
    lines: tuple[int, int]
    """First and last line that it is about, counting from 0."""
    after_s: float
    """Seconds from the visit's start until it is asked."""
    patience_s: float | None
    """Seconds until it is cancelled; None waits for the answer."""


@frozen(kw_only=True)
class SoakVisit:
    """One document from its opening to its closing."""

    trace: Trace
    inquiries: tuple[SoakQuestion, ...]


def visits(documents: Sequence[TraceDocument], seed: int) -> Iterator[SoakVisit]:
    """Draw visits without end; the same seed draws the same ones.

    Every document comes once at first, the largest before the others, and each question is asked
    about it and waited for: first uses and the largest piece of work come early.
    """
    draw = random.Random(seed)  # noqa: S311  # no secret
    first, *others = sorted(documents, key=lambda one: len(one.text), reverse=True)
    yield _visit(first, (_inquiry(one, first, None, draw) for one in _COMMANDS), draw)
    for document in chain(others, iter(lambda: draw.choice(documents), None)):
        commands = draw.choices(_COMMANDS, _COMMAND_WEIGHTS, k=draw.randint(0, 2))
        inquiries = (_inquiry(one, document, _patience(draw), draw) for one in commands)
        yield _visit(document, inquiries, draw)


def _visit(
    document: TraceDocument, inquiries: Iterable[SoakQuestion], draw: random.Random
) -> SoakVisit:
    keys = tuple(_keys(document, draw))
    trace = Trace(name="visit", title=document.name, documents=(document,), keys=keys)
    return SoakVisit(trace=trace, inquiries=tuple(inquiries))


def _keys(document: TraceDocument, draw: random.Random) -> Iterator[Key]:
    lines = document.text.split("\n")
    for number in _spots(document.text, lines, draw):
        line = lines[number]
        yield Move("\n".join(lines[number - 1 : number + 1]))
        taken = line[-draw.randint(1, _MAX_TYPED) :].lstrip()
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
    for number in sorted(draw.sample(wanted, min(3 * _MAX_PLACES, len(wanted)))):
        place = "\n".join(lines[number - 1 : number + 1])
        far = not chosen or number - chosen[-1] >= _MIN_LINES_APART
        if far and text.count(place) == 1 and len(chosen) < _MAX_PLACES:
            chosen.append(number)
    return chosen


def _inquiry(
    command: str, document: TraceDocument, patience_s: float | None, draw: random.Random
) -> SoakQuestion:
    last = document.text.count("\n")
    first = draw.randint(0, last)
    return SoakQuestion(
        command=command,
        lines=(first, min(last, first + draw.randint(0, 30))),
        after_s=draw.uniform(0, 10),
        patience_s=patience_s,
    )


def _patience(draw: random.Random) -> float | None:
    return draw.uniform(0, _MAX_PATIENCE_S) if draw.random() < 0.4 else None
