"""Whether a server is still the one that said what it is, or was restarted with another model."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from typing import Any, Final

from leanwide.engine.remote.errors import LostServerError

_RESTART_S: Final = 0.3
"""A server that answered so many seconds ago is still the same: it takes longer to load a model."""


class ServerIdentity:
    """What told a server from others when it was connected to."""

    def __init__(self, name: str, ask: Callable[[], Awaitable[Any]], known: Any) -> None:
        """Begin with a server that has just answered.

        Args:
            name: Host and port, for messages.
            ask: Asks the server for what tells it from others.
            known: What it said.
        """
        self._name = name
        self._ask = ask
        self._known = known
        self._heard = time.monotonic()

    def note_answer(self) -> None:
        """Note that the server goes on with an answer, which began after a check."""
        self._heard = time.monotonic()

    async def check(self) -> None:
        """Ask the server what it is, unless it answered a moment ago.

        Raises:
            EngineError: It is another one, or cannot be asked.
        """
        if time.monotonic() - self._heard < _RESTART_S:
            return
        if await self._ask() != self._known:
            raise LostServerError(f"{self._name} was restarted with another model or context")
        self._heard = time.monotonic()
