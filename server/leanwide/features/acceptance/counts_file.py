"""The file of the counts, which all servers of one user add to."""

from __future__ import annotations

import contextlib
import datetime
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Final

import msgspec
from attrs import asdict, frozen
from msgspec import Meta
from platformdirs import user_state_path

from leanwide.atomic_write import write_atomically
from leanwide.features.acceptance.counts import (
    AcceptanceCounts,
    AcceptanceGroup,
    Days,
    ShownKind,
    Tally,
    added,
)
from leanwide.files.folder_lock import locked
from leanwide.files.plain import read_plain
from leanwide.modes.profile import Mode

_MAX_BYTES: Final = 4_000_000
"""A larger file is not read: 90 days of every language, mode and kind are smaller."""
_LOCK_TRIES: Final = 20
_LOCK_PAUSE_S: Final = 0.01
"""Between two tries to lock the folder; a server holds the lock for a few milliseconds."""

_Count = Annotated[int, Meta(ge=0, le=10**12)]


@frozen(kw_only=True)
class CountsRow:
    """The counts of a group, as they are written and shown."""

    kind: ShownKind
    language: str
    mode: Mode
    shown: _Count
    accepted: _Count
    kept: _Count | None
    """None for edits, which are not judged."""


@frozen(kw_only=True)
class DayRecord:
    """The counts of a day, as they are written."""

    day: datetime.date
    counts: tuple[CountsRow, ...]


def rows(tally: Tally) -> tuple[CountsRow, ...]:
    """Return a tally as rows, by language, kind and mode."""
    order = sorted(tally, key=lambda group: (group.language, group.kind, group.mode))
    return tuple(
        CountsRow(
            **asdict(group, recurse=False),
            shown=tally[group].shown,
            accepted=tally[group].accepted,
            kept=tally[group].kept if group.kind is ShownKind.SUGGESTION else None,
        )
        for group in order
    )


class CountsFile:
    """The counts of the last days on disk. All methods block; none raises for a damaged file."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = folder or user_state_path("leanwide") / "acceptance"
        self.path: Final = self._folder / "counts.json"

    def read(self) -> Days:
        """Return the counts; none where there is no file, or one that is not ours."""
        with contextlib.suppress(OSError, ValueError, RecursionError):
            records = msgspec.json.decode(
                read_plain(self.path, _MAX_BYTES), type=tuple[DayRecord, ...]
            )
            return {record.day: _tally(record.counts) for record in records}
        return {}

    def add(self, tally: Tally, today: datetime.date) -> None:
        """Add a tally to today's counts.

        Raises:
            OSError: The file cannot be written, or another server has it locked for too long.
        """

        def write() -> None:
            days = added(self.read(), tally, today)
            records = [DayRecord(day=day, counts=rows(days[day])) for day in sorted(days)]
            write_atomically(self.path, (msgspec.json.encode(records),))

        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._alone(write)

    def delete(self) -> None:
        """Delete all counts.

        Raises:
            OSError: The file cannot be deleted, or another server has it locked for too long.
        """
        if self._folder.is_dir():
            self._alone(lambda: self.path.unlink(missing_ok=True))

    def _alone(self, work: Callable[[], object]) -> None:
        """Do something while no other server reads or writes the file."""
        for left in range(_LOCK_TRIES, -1, -1):
            try:
                with locked(self._folder):
                    work()
            except BlockingIOError:
                if not left:
                    raise
                time.sleep(_LOCK_PAUSE_S)
            else:
                return


def _tally(counts: tuple[CountsRow, ...]) -> Tally:
    return {
        AcceptanceGroup(kind=row.kind, language=row.language, mode=row.mode): AcceptanceCounts(
            shown=row.shown, accepted=row.accepted, kept=row.kept or 0
        )
        for row in counts
    }
