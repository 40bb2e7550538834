"""Outcomes on disk, one per line, so that a stopped run can be continued."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from leanwide.engine.base import EngineError
from leanwide.files.plain import delete_unusable, read_plain
from leanwide.tuning.deciding import PairedSample
from leanwide.tuning.figures import samples
from leanwide.tuning.trial import RequestOutcome, TrialOutcome, TrialSetting

_MAX_BYTES: Final = 64_000_000
"""Largest file of outcomes, in bytes: no run has time to write more."""
_LOCK_BYTES: Final = 4_000
"""Largest lock file, in bytes; it holds a process id."""


class Results:
    """The outcomes of one question, appended to a file one by one."""

    def __init__(self, file: Path) -> None:
        """Read the file; damaged lines, such as a half-written last one, are skipped."""
        self._file = file
        self._known: dict[tuple[str, TrialSetting], TrialOutcome] = {}
        delete_unusable(file, _MAX_BYTES)
        with contextlib.suppress(OSError):
            for line in read_plain(file, _MAX_BYTES).splitlines():
                with contextlib.suppress(ValueError, RecursionError, msgspec.MsgspecError):
                    self._keep(msgspec.json.decode(line, type=TrialOutcome))

    def __len__(self) -> int:
        return len(self._known)

    def get(self, subject: str, setting: TrialSetting) -> TrialOutcome | None:
        """Return the outcome of a visit or question at a setting, if there is one."""
        return self._known.get((subject, setting))

    def add(self, outcome: TrialOutcome) -> None:
        """Add an outcome and append it to the file.

        Raises:
            EngineError: It cannot be written; the disk may be full.
        """
        self._keep(outcome)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as stream:
                # The line before may be half-written.
                stream.write(b"\n" + msgspec.json.encode(outcome) + b"\n")
        except OSError as error:
            raise EngineError(f"{self._file} cannot be written: {error.strerror}") from error

    def of(self, setting: TrialSetting, subjects: Iterable[str]) -> list[RequestOutcome]:
        """Return the requests at a setting in some visits or questions."""
        found = (self.get(subject, setting) for subject in subjects)
        return [asked for outcome in found if outcome is not None for asked in outcome.asked]

    def evidence(
        self, settings: Sequence[TrialSetting], subjects: Sequence[str]
    ) -> Mapping[TrialSetting, Mapping[str, PairedSample]]:
        """Return the samples of each setting, by place."""
        return {setting: samples(self.of(setting, subjects)) for setting in settings}

    def forget(self) -> None:
        """Delete the file: its outcomes are not needed any more."""
        self._known.clear()
        self._file.unlink(missing_ok=True)

    def _keep(self, outcome: TrialOutcome) -> None:
        self._known[outcome.subject, outcome.setting] = outcome


@contextlib.contextmanager
def measuring_alone(file: Path) -> Iterator[None]:
    """Hold the lock that lets one process measure on this machine at a time.

    Raises:
        EngineError: Another process holds it; the message names it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    delete_unusable(file, _LOCK_BYTES)
    with file.open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # released when the process ends
        except OSError:
            stream.seek(0)
            raise EngineError(
                f"process {stream.read().strip() or '?'} is measuring on this machine: wait for it"
            ) from None
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield
