"""The lines of an event in pairs, and which of their tokens differ."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.tokens import CodeToken, changed_runs, tokens_of

_MAX_TOKENS: Final = 400
"""Tokens before and after that are compared."""

Run = tuple[int, int, int, int]
"""Tokens that differ: start and end in the line before, start and end in the line after."""


@frozen(eq=False)
class ChangedLine:
    """A line that became another one, as tokens; or several lines, where their number changed.

    The lines of the tokens count in the event.
    """

    before: tuple[CodeToken, ...]
    after: tuple[CodeToken, ...]
    runs: tuple[Run, ...]
    is_pair: bool
    """Whether it is one line before and one after."""
    text: str
    """The line afterwards, where it is one."""


def changed_lines(event: EditEvent) -> tuple[ChangedLine, ...]:
    """Return the changed lines in pairs where their number stayed, else all as one.

    None where lines were only added or only removed.
    """
    if not event.before or not event.after:
        return ()
    is_pair = len(event.before) == len(event.after)
    if is_pair:
        found = [
            (tokens_of([old], number), tokens_of([new], number), new)
            for number, (old, new) in enumerate(zip(event.before, event.after, strict=True))
            if old != new
        ]
    else:
        found = [(tokens_of(event.before), tokens_of(event.after), "")]
    return tuple(
        ChangedLine(tuple(old), tuple(new), tuple(changed_runs(old, new)), is_pair, text)
        for old, new, text in found
        if old and new and len(old) + len(new) <= _MAX_TOKENS
    )
