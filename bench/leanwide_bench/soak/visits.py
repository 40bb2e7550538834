"""Draws a user's work for hours: open a file, type in it, ask about it, close it."""

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
"""Places of a document at which text is typed in one visit."""
_MIN_LINES_APART: Final = 4
"""Lines between two places, so that typing at one does not change the other."""
_MAX_TYPED: Final = 24
"""Characters that are deleted and typed again at a place."""
_TYPOS: Final = "qxz("
_COMMANDS: Final = ("leanwide.explain", "leanwide.chat", "leanwide.refactor")
_COMMAND_WEIGHTS: Final = (5, 4, 1)
"""Relative frequencies of the commands."""
_MAX_PATIENCE_S: Final = 6.0


@frozen(kw_only=True)
class SoakQuestion:
    """A question that is asked while the user types."""

    command: str
    """The LSP command."""
    lines: tuple[int, int]
    """First and last line of its range, from 0."""
    after_s: float
    """Seconds from the visit's start until it is asked."""
    patience_s: float | None
    """Seconds until it is cancelled; None waits for the answer."""


@frozen(kw_only=True)
class SoakVisit:
    """The work on one document from opening to closing it."""

    trace: Trace
    inquiries: tuple[SoakQuestion, ...]


def visits(documents: Sequence[TraceDocument], seed: int) -> Iterator[SoakVisit]:
    """Draw visits without end; the same seed draws the same ones.

    Each document comes once at first, the largest before the others. About that one every question
    is asked and waited for, so that whatever needs memory once needs it during the warm-up.
    """
    draw = random.Random(seed)  # noqa: S311  # no secret
    first, *others = sorted(documents, key=lambda document: len(document.text), reverse=True)
    yield _visit(first, (_question(command, first, None, draw) for command in _COMMANDS), draw)
    for document in chain(others, iter(lambda: draw.choice(documents), None)):
        commands = draw.choices(_COMMANDS, _COMMAND_WEIGHTS, k=draw.randint(0, 2))
        questions = (_question(command, document, _patience(draw), draw) for command in commands)
        yield _visit(document, questions, draw)


def _visit(
    document: TraceDocument, questions: Iterable[SoakQuestion], draw: random.Random
) -> SoakVisit:
    keys = tuple(_keys(document, draw))
    trace = Trace(name="visit", title=document.name, documents=(document,), keys=keys)
    return SoakVisit(trace=trace, inquiries=tuple(questions))


def _keys(document: TraceDocument, draw: random.Random) -> Iterator[Key]:
    lines = document.text.split("\n")
    for number in _places(document.text, lines, draw):
        line = lines[number]
        yield Move("\n".join(lines[number - 1 : number + 1]))
        deleted = line[-draw.randint(1, _MAX_TYPED) :].lstrip()
        yield from [Backspace()] * len(deleted)
        for character in deleted:
            if draw.random() < 0.05:
                yield Insert(draw.choice(_TYPOS))
                yield Backspace()
            yield Insert(character)
        if draw.random() < 0.5:
            yield Accept()
        yield Pause(draw.uniform(100, 1500))


def _places(text: str, lines: Sequence[str], draw: random.Random) -> list[int]:
    """Draw line numbers, in order; each line with the one before it is unique in the text."""
    wanted = [number for number in range(1, len(lines) - 1) if len(lines[number].strip()) > 8]
    chosen: list[int] = []
    for number in sorted(draw.sample(wanted, min(3 * _MAX_PLACES, len(wanted)))):
        place = "\n".join(lines[number - 1 : number + 1])
        far = not chosen or number - chosen[-1] >= _MIN_LINES_APART
        if far and text.count(place) == 1 and len(chosen) < _MAX_PLACES:
            chosen.append(number)
    return chosen


def _question(
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
