"""When an engine process is restarted or killed."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from leanwide.engine.child_process import SilenceLimits


@frozen(kw_only=True)
class EngineTimeouts:
    """When the engine process is restarted or killed; times in seconds."""

    first_restart: float
    """Pause before the first restart; doubles with every further failure in a row."""
    failures: int
    """Failures in a row before each long pause."""
    long_pause: float
    silence: SilenceLimits
    """How long a process that owes an answer may be silent."""
    settle: float
    """A changed model file must stay the same for this long: it may still be written."""

    def pause_after(self, failures: int) -> float:
        """Return the pause after ``failures`` failures in a row."""
        short = failures % self.failures
        return self.first_restart * 2 ** (short - 1) if short else self.long_pause


DEFAULT_TIMEOUTS: Final = EngineTimeouts(
    first_restart=0.05,
    failures=5,
    long_pause=30.0,
    settle=0.5,
    silence=SilenceLimits(hang=30.0, load=120.0, step=300.0),
)
