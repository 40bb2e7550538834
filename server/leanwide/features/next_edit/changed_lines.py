"""The lines of an event in pairs, and which of their tokens differ."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.tokens import Token, changed_runs, tokens_of

_MAX_TOKENS: Final = 600
"""Tokens before and after that are compared."""

Run = tuple[int, int, int, int]
"""Tokens that differ: start and end in the line before, start and end in the line after."""


@frozen(eq=False)
class ChangedLine:
    """A line that became another one, as tokens; or several lines, where their number changed."""

    before: tuple[Token, ...]
    """Their lines count in the event."""
    after: tuple[Token, ...]
    """Their lines count in the document, if the event is in it."""
    runs: tuple[Run, ...]
    is_pair: bool
    """Whether it is one line before and one after."""


def changed_lines(event: EditEvent, line: int) -> tuple[ChangedLine, ...]:
    """Return the changed lines in pairs where their number stayed, else all as one.

    ``line`` is where the lines stand after the edit.
    """
    is_pair = len(event.before) == len(event.after)
    if is_pair:
        found = [
            (tokens_of([old]), tokens_of([new], number))
            for number, (old, new) in enumerate(zip(event.before, event.after, strict=True), line)
            if old != new
        ]
    else:
        found = [(tokens_of(event.before), tokens_of(event.after, line))]
    return tuple(
        ChangedLine(tuple(old), tuple(new), tuple(changed_runs(old, new)), is_pair)
        for old, new in found
        if len(old) + len(new) <= _MAX_TOKENS
    )
