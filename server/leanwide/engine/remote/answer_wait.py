"""Waiting for a server's next event: until the deadline, a cancel, or the server counts as gone."""

from __future__ import annotations

import asyncio
import math
import time

from leanwide.engine.remote.errors import LostServerError
from leanwide.engine.remote.events import GenerationEvent
from leanwide.engine.requests import FinishReason


class AnswerWait:
    """The times of one generation, in seconds of ``time.monotonic``."""

    def __init__(self, server: str, deadline_ms: float, most_s: float) -> None:
        """Begin now.

        Args:
            server: Host and port, for messages.
            deadline_ms: Most milliseconds of generation, from its first token.
            most_s: Most seconds without a token, and without a step of prefill.
        """
        self._server = server
        self._deadline_s = deadline_ms / 1000
        self._most_s = most_s
        self._began = self._alive = time.monotonic()
        self.prompt_done = math.inf
        """When the first token came."""

    @property
    def prompt_ms(self) -> float:
        """Milliseconds until the first token, or until now."""
        return 1000 * (min(self.prompt_done, time.monotonic()) - self._began)

    @property
    def decode_ms(self) -> float:
        """Milliseconds since the first token."""
        return 1000 * max(0.0, time.monotonic() - self.prompt_done)

    def progressed(self) -> None:
        """Note a step of prefill."""
        self._alive = time.monotonic()

    def generated(self) -> None:
        """Note a token."""
        self._alive = time.monotonic()
        self.prompt_done = min(self.prompt_done, self._alive)

    async def next(
        self, queue: asyncio.Queue[GenerationEvent | Exception | None]
    ) -> GenerationEvent | FinishReason:
        """Return the next event; the reason where time is up or the caller cancels.

        Raises:
            EngineError: The server refuses, broke off, or says nothing for too long.
        """
        late, gone = self.prompt_done + self._deadline_s, self._alive + self._most_s
        try:
            async with asyncio.timeout(max(0.0, min(late, gone) - time.monotonic())):
                item = await queue.get()
        except TimeoutError:
            if late > gone:
                raise LostServerError(f"{self._server} does not answer in time") from None
            return FinishReason.DEADLINE
        if isinstance(item, Exception):
            raise item
        return FinishReason.CANCELLED if item is None else item
