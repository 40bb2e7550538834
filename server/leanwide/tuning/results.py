"""Outcomes on disk, a line each, so that a stopped measurement goes on where it was."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

import msgspec

from leanwide.engine.base import EngineError
from leanwide.files.plain import drop_unusable, read_plain
from leanwide.tuning.deciding import PairedSample
from leanwide.tuning.figures import samples
from leanwide.tuning.trial import RequestOutcome, TrialOutcome, TrialSetting

_MAX_BYTES: Final = 64_000_000
"""Bytes of a file of outcomes: no run has time for as many."""
_LOCK_BYTES: Final = 4_000
"""Bytes of a lock, which holds a number."""


class Results:
    """The outcomes of one question, kept in a file while they come in."""

    def __init__(self, file: Path) -> None:
        """Read what the file holds; a damaged line, such as a half-written last one, is none."""
        self._file = file
        self._known: dict[tuple[str, TrialSetting], TrialOutcome] = {}
        drop_unusable(file, _MAX_BYTES)
        with contextlib.suppress(OSError):
            for line in read_plain(file, _MAX_BYTES).splitlines():
                with contextlib.suppress(ValueError, RecursionError, msgspec.MsgspecError):
                    self._keep(msgspec.json.decode(line, type=TrialOutcome))

    def __len__(self) -> int:
        return len(self._known)

    def get(self, subject: str, setting: TrialSetting) -> TrialOutcome | None:
        """Give what is known of a visit or a question at a setting."""
        return self._known.get((subject, setting))

    def add(self, outcome: TrialOutcome) -> None:
        """Keep an outcome.

        Raises:
            EngineError: It cannot be written; the disk may be full.
        """
        self._keep(outcome)
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("ab") as stream:
                # The line before may have been cut.
                stream.write(b"\n" + msgspec.json.encode(outcome) + b"\n")
        except OSError as error:
            raise EngineError(f"{self._file} cannot be written: {error.strerror}") from error

    def of(self, setting: TrialSetting, subjects: Iterable[str]) -> list[RequestOutcome]:
        """Give what was asked at a setting in some visits or questions."""
        found = (self.get(subject, setting) for subject in subjects)
        return [asked for outcome in found if outcome is not None for asked in outcome.asked]

    def evidence(
        self, settings: Sequence[TrialSetting], subjects: Sequence[str]
    ) -> Mapping[TrialSetting, Mapping[str, PairedSample]]:
        """Give what decides among settings."""
        return {setting: samples(self.of(setting, subjects)) for setting in settings}

    def forget(self) -> None:
        """Delete the file: what it led to stands elsewhere now."""
        self._known.clear()
        self._file.unlink(missing_ok=True)

    def _keep(self, outcome: TrialOutcome) -> None:
        self._known[outcome.subject, outcome.setting] = outcome


@contextlib.contextmanager
def measuring_alone(file: Path) -> Iterator[None]:
    """Keep others from measuring at the same time: they would measure each other.

    Raises:
        EngineError: Somebody measures already.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    drop_unusable(file, _LOCK_BYTES)
    with file.open("a+") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)  # gone with the process, however
        except OSError:
            stream.seek(0)
            raise EngineError(
                f"process {stream.read().strip() or '?'} is measuring on this machine: wait for it"
            ) from None
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield
