"""What was shown, accepted and kept, by day and group. Numbers, and no text."""

from __future__ import annotations

import datetime
import enum
from collections.abc import Iterable, Mapping
from typing import Final

from attrs import frozen

from leanwide.context.view import Snapshot
from leanwide.modes.profile import Mode
from leanwide.syntax import language_for

MAX_DAYS: Final = 90
"""Days that are remembered."""
OTHER_LANGUAGE: Final = "other"
"""Stands for every language without a grammar: a client may send any text as a language."""


class ShownKind(enum.StrEnum):
    """What is shown and accepted."""

    SUGGESTION = "suggestion"
    """An inline completion."""
    EDIT = "edit"
    """A change of code that the user asked for."""


@frozen(kw_only=True)
class AcceptanceGroup:
    """What is counted together."""

    kind: ShownKind
    language: str
    mode: Mode


@frozen(kw_only=True)
class AcceptanceCounts:
    """How many there were."""

    shown: int = 0
    accepted: int = 0
    kept: int = 0
    """Accepted suggestions that still stood when they were judged; edits are not judged."""

    def __add__(self, other: AcceptanceCounts) -> AcceptanceCounts:
        """Return both together."""
        return AcceptanceCounts(
            shown=self.shown + other.shown,
            accepted=self.accepted + other.accepted,
            kept=self.kept + other.kept,
        )


SHOWN: Final = AcceptanceCounts(shown=1)
ACCEPTED: Final = AcceptanceCounts(accepted=1)
KEPT: Final = AcceptanceCounts(kept=1)

Tally = Mapping[AcceptanceGroup, AcceptanceCounts]
"""AcceptanceCounts by group."""
Days = Mapping[datetime.date, Tally]
"""Tallies by day, in the user's own time zone."""


def group(kind: ShownKind, document: Snapshot, mode: Mode) -> AcceptanceGroup:
    """Return the group of a document; languages without a grammar are one."""
    language = language_for(document.language_id, document.path)
    name = OTHER_LANGUAGE if language is None else language.name
    return AcceptanceGroup(kind=kind, language=name, mode=mode)


def total(tallies: Iterable[Tally]) -> dict[AcceptanceGroup, AcceptanceCounts]:
    """Return the sum of tallies."""
    found: dict[AcceptanceGroup, AcceptanceCounts] = {}
    for tally in tallies:
        for each, counts in tally.items():
            found[each] = found.get(each, AcceptanceCounts()) + counts
    return found


def added(days: Days, tally: Tally, today: datetime.date) -> dict[datetime.date, Tally]:
    """Return days with a tally added to today's, without those that are too old to be kept."""
    kept = dict(last(days, MAX_DAYS, today))
    return kept | {today: total((kept.get(today, {}), tally))}


def last(days: Days, number: int, today: datetime.date) -> Days:
    """Return the last days only, of which today is one.

    Tomorrow is one, too: the user may have crossed the date line. Later days are a clock's mistake.
    """
    return {day: tally for day, tally in days.items() if -1 <= (today - day).days < number}


def today() -> datetime.date:
    """Return the date in the user's own time zone."""
    return datetime.datetime.now().astimezone().date()
