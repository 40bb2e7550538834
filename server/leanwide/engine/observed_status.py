"""An engine's status, and the observers that are told of every new one."""

from __future__ import annotations

from collections.abc import Callable

from leanwide.engine.base import EngineState, EngineStatus


class ObservedStatus:
    """The status of one engine."""

    def __init__(self) -> None:
        self.current = EngineStatus(state=EngineState.STARTING)
        self.recoveries = 0
        """How often the engine served a request again after failures; a part of the next status."""
        self._observers: list[Callable[[EngineStatus], None]] = []

    def observe(self, observer: Callable[[EngineStatus], None]) -> None:
        """Call ``observer`` with every new status."""
        self._observers.append(observer)

    def set(self, state: EngineState, reason: str = "", progress: float = 0.0) -> None:
        """Set the status; tell the observers if it is a new one."""
        status = EngineStatus(
            state=state, reason=reason, progress=progress, recoveries=self.recoveries
        )
        if status != self.current:
            self.current = status
            self.tell()

    def tell(self) -> None:
        """Tell the observers the status as it is now."""
        status = self.current
        for observer in self._observers:
            observer(status)
