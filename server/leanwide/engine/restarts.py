"""What follows from the end of an engine process: another start, or giving up and why."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

_KILLS: Final = (-signal.SIGKILL, -signal.SIGTERM)
"""Exit codes of a process killed from outside: by a user, or by the kernel for memory."""
_MAX_FAILED_STARTS: Final = 2
"""Failed starts in a row after which the model is not loaded again, until its file changes or the
user asks; callers that wait for it get the reason."""
_FOLDERS: Final = re.compile(r"^/\S*/(?=[^/\s]+:\d+: )")
"""The folders before the name of the source file in a failed assertion."""
_MAX_CAUSE: Final = 300
"""Characters of the cause."""
UNLOADABLE: Final = "llama.cpp cannot be loaded"
"""The beginning of the sentence that an engine ends with where this is so."""


@frozen(kw_only=True)
class EngineDeath:
    """The end of an engine process that did not refuse the model."""

    code: int | None
    """The exit code; for a signal its negative number. None: not known, others started it."""
    last_lines: Sequence[str]
    """The last lines of its stderr."""

    @property
    def killed(self) -> bool:
        """Whether it was killed from outside: then the model is not the cause.

        Where the exit code is not known, a process that said nothing is taken for killed: one that
        fails says why.
        """
        return self.code in _KILLS or (self.code is None and not self._lines)

    @property
    def cause(self) -> str:
        """The known cause, in one line."""
        if self._lines and not self.killed:
            words = _FOLDERS.sub("", self._lines[-1])
            return "".join(filter(str.isprintable, words))[:_MAX_CAUSE]
        if self.code is None:
            return "it ended unexpectedly"
        if self.code < 0:
            return f"ended by signal {-self.code}"
        return f"exit code {self.code}"

    @property
    def _lines(self) -> list[str]:
        return [" ".join(line.split()) for line in self.last_lines if line.strip()]


class FailedStarts:
    """Counts the failed starts in a row and decides when to give up."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self._failed = 0
        self.failure = ""
        """Why the model does not load, one sentence; "" while that is open."""
        self.hopeless = False
        """Whether another start of the same file would fail the same way."""

    def succeeded(self) -> None:
        """Record that the model is loaded."""
        self._failed = 0
        self.failure, self.hopeless = "", False

    def refused(self, reason: str) -> None:
        """Record why the engine refused the model."""
        self.failure, self.hopeless = reason, True

    def died(self, death: EngineDeath) -> None:
        """Record that a process ended while it loaded the model."""
        _, unloadable, why = death.cause.partition(UNLOADABLE)
        if unloadable:
            self.refused(unloadable + why)
            return
        self._failed += 1
        if self._failed >= _MAX_FAILED_STARTS:
            advice = "free some memory" if death.killed else "choose another model"
            self.failure = (
                f"the engine stops whenever it loads {self._model} ({death.cause}): {advice}"
            )
            self.hopeless = not death.killed

    def allow_another(self) -> None:
        """Allow one more start, on request: a single further failure gives up again."""
        self.failure, self.hopeless = "", False

    def file_changed(self) -> None:
        """Start from scratch: the model file is another one."""
        self.succeeded()
