"""What waits until the client reads: it is bounded, and nobody waits for it but its own task."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, Protocol

MOST_BYTES: Final = 32 * 1024 * 1024
"""Bytes that may wait; a client that leaves more than that is gone."""
COURTESY_BYTES: Final = 1024 * 1024
"""Bytes that may wait while messages are still added that a client can do without."""
_AT_ONCE: Final = 64 * 1024


class Writer(Protocol):
    """The way to a client, as of :class:`asyncio.StreamWriter`."""

    def write(self, data: bytes, /) -> None:
        """Take bytes."""

    async def drain(self) -> None:
        """Wait until more may be written.

        Raises:
            OSError: The client is gone.
        """


class Outbox:
    """Messages in the order in which they go out."""

    def __init__(self, most: int = MOST_BYTES, courtesy: int = COURTESY_BYTES) -> None:
        self._most, self._courtesy = most, courtesy
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self.overflowed = asyncio.Event()
        """Set for good once more waits than may."""

    @property
    def size(self) -> int:
        """Bytes that wait."""
        return self._size

    def put(self, message: bytes) -> None:
        """Add a message that the client must have. Behind an overflow nothing is kept."""
        if self.overflowed.is_set():
            return
        self._waiting.append(message)
        self._size += len(message)
        self._empty.clear()
        self._filled.set()
        if self._size > self._most:
            self.overflowed.set()

    def offer(self, message: bytes) -> None:
        """Add a message that the client can do without, unless much waits already."""
        if self._size <= self._courtesy:
            self.put(message)

    async def pour(self, writer: Writer) -> None:
        """Write all that comes, until cancelled.

        Raises:
            OSError: The client is gone.
        """
        while True:
            await self._filled.wait()
            portion = self._portion()
            writer.write(portion)
            await writer.drain()
            self._size -= len(portion)
            if not self._waiting:
                self._filled.clear()
                self._empty.set()

    async def poured(self) -> None:
        """Wait until nothing waits."""
        await self._empty.wait()

    def _portion(self) -> bytes:
        taken, size = [], 0
        while self._waiting and size < _AT_ONCE:
            taken.append(self._waiting.popleft())
            size += len(taken[-1])
        return b"".join(taken)
