"""How engine processes end, and what follows from it: restarts, and when to give up."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

_KILLS: Final = (-signal.SIGKILL, -signal.SIGTERM)
"""Exit codes of a process that was ended from outside: by a user, or by the kernel for memory."""
_MOST_STARTS: Final = 2
"""Starts in a row that may fail before whoever waits is told so."""
_FOLDERS: Final = re.compile(r"^/\S*/(?=[^/\s]+:\d+: )")
"""What stands before the name of the source file in a failed assertion."""
_LONGEST: Final = 300
"""Characters of an engine's last words."""


@frozen(kw_only=True)
class EngineDeath:
    """The end of an engine process that refused nothing."""

    code: int | None
    """The exit code; of a signal its negative number."""
    words: Sequence[str]
    """The last lines that it printed on stderr."""

    @property
    def killed(self) -> bool:
        """Whether something outside ended it: then the model is not to blame."""
        return self.code in _KILLS

    @property
    def cause(self) -> str:
        """What is known of the cause, in one line."""
        said = [" ".join(line.split()) for line in self.words if line.strip()]
        if said and not self.killed:
            words = _FOLDERS.sub("", said[-1])
            return "".join(filter(str.isprintable, words))[:_LONGEST]
        if self.code is not None and self.code < 0:
            return f"ended by signal {-self.code}"
        return f"exit code {self.code}"


class FailedStarts:
    """The starts that failed in a row, and what is to be said of them."""

    def __init__(self, model: Path) -> None:
        self._model = model
        self._failed = 0
        self.verdict = ""
        """Why the model does not load, one sentence; "" while that is open."""
        self.hopeless = False
        """Whether another start of the same file would end the same way."""

    def succeeded(self) -> None:
        """The model is loaded."""
        self._failed = 0
        self.verdict, self.hopeless = "", False

    def refused(self, reason: str) -> None:
        """The engine said why it cannot load the model."""
        self.verdict, self.hopeless = reason, True

    def died(self, death: EngineDeath) -> None:
        """A process ended while it loaded the model."""
        self._failed += 1
        if self._failed >= _MOST_STARTS:
            advice = "free some memory" if death.killed else "choose another model"
            self.verdict = (
                f"the engine stops whenever it loads {self._model} ({death.cause}): {advice}"
            )
            self.hopeless = not death.killed

    def ask_again(self) -> None:
        """Somebody wants another start by hand: one more failure is enough for a verdict."""
        self.verdict, self.hopeless = "", False

    def file_changed(self) -> None:
        """The model's file is another one: what was learned of the old one does not count."""
        self.succeeded()
