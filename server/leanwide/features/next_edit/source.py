"""An edit of the user, found again in the document, and what it replaced there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from attrs import frozen

from leanwide.context.view import Snapshot, with_lf
from leanwide.features.next_edit.event import EditEvent
from leanwide.features.next_edit.tokens import Token, changed_runs, tokens_of

_MAX_TOKENS = 600
"""Tokens of an event that are compared."""


@frozen
class Replacement:
    """Tokens that became others. One of the two may be none."""

    old: tuple[Token, ...]
    """Their lines count in the event."""
    new: tuple[Token, ...]
    """Their lines count in the document, if the event is in it."""

    @property
    def name(self) -> tuple[str, str] | None:
        """The old name and the new one, where nothing else was replaced."""
        if len(self.old) == len(self.new) == 1 and self.old[0].is_name and self.new[0].is_name:
            return self.old[0].text, self.new[0].text
        return None


@frozen(eq=False)
class ChangedLine:
    """A line that became another one, as tokens."""

    before: tuple[Token, ...]
    after: tuple[Token, ...]
    runs: tuple[tuple[int, int, int, int], ...]
    """What differs: start and end in ``before``, start and end in ``after``."""

    @property
    def replacements(self) -> Iterator[Replacement]:
        """What was replaced in the line."""
        for first, last, start, end in self.runs:
            yield Replacement(self.before[first:last], self.after[start:end])


@frozen(eq=False)
class Source:
    """An event, and where its lines stand now."""

    event: EditEvent
    line: int | None
    """The first of its lines after the edit; None in another document."""
    changes: tuple[ChangedLine, ...]

    @property
    def lines(self) -> range:
        """The lines of the document that it changed."""
        if self.line is None:
            return range(0)
        return range(self.line, self.line + len(self.event.after))

    @property
    def replacements(self) -> Iterator[Replacement]:
        """What the event replaced."""
        for change in self.changes:
            yield from change.replacements


def sources(events: Sequence[EditEvent], document: Snapshot) -> tuple[Source, ...]:
    """Return the events, newest first, as they stand in ``document``.

    Those whose lines were changed again are left out.
    """
    found = []
    for number, event in enumerate(events):
        if event.uri != document.uri:
            found.append(Source(event, None, _changes(event, 0)))
            continue
        later = [one for one in events[:number] if one.uri == event.uri]
        line = _moved(event, later)
        if line is not None and _stands_at(event, document, line):
            found.append(Source(event, line, _changes(event, line)))
    return tuple(found)


def _moved(event: EditEvent, later: Sequence[EditEvent]) -> int | None:
    """Return where an event's lines stand after the later events, newest first; None if gone."""
    line, size = event.line, len(event.after)
    for other in reversed(later):
        if other.line + len(other.before) <= line:
            line += len(other.after) - len(other.before)
        elif other.line < line + size:
            return None
    return line


def _stands_at(event: EditEvent, document: Snapshot, line: int) -> bool:
    now = document.lines[line : line + len(event.after)]
    return tuple(map(with_lf, now)) == event.after


def _changes(event: EditEvent, line: int) -> tuple[ChangedLine, ...]:
    """Return the lines that changed: pairs of lines where their number stayed, else all at once."""
    if len(event.before) == len(event.after):
        pairs = [
            (tokens_of([old]), tokens_of([new], number))
            for number, (old, new) in enumerate(zip(event.before, event.after, strict=True), line)
            if old != new
        ]
    else:
        pairs = [(tokens_of(event.before), tokens_of(event.after, line))]
    return tuple(
        ChangedLine(tuple(old), tuple(new), tuple(changed_runs(old, new)))
        for old, new in pairs
        if len(old) + len(new) <= _MAX_TOKENS
    )
