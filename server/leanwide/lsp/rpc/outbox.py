"""Messages that wait until the client reads: bounded, and sent by a task of their own."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Final, Protocol

_MAX_BYTES: Final = 32 * 1024 * 1024
"""Unread bytes after which a client counts as gone."""
_MAX_OPTIONAL_BYTES: Final = 1024 * 1024
"""Unread bytes up to which messages are added that a client can do without."""
_WRITE_BYTES: Final = 64 * 1024
"""Bytes from which on no further message is added to one write."""


class Writer(Protocol):
    """The bytes to a client, as of :class:`asyncio.StreamWriter`."""

    def write(self, data: bytes, /) -> None:
        """Buffer bytes."""

    async def drain(self) -> None:
        """Wait until more may be written.

        Raises:
            OSError: The client is gone.
        """


class Outbox:
    """A queue of messages in the order in which they are sent."""

    def __init__(
        self, max_bytes: int = _MAX_BYTES, max_optional_bytes: int = _MAX_OPTIONAL_BYTES
    ) -> None:
        self._max_bytes, self._max_optional_bytes = max_bytes, max_optional_bytes
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._filled = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self.overflowed = asyncio.Event()
        """Set, and never cleared, once more than ``max_bytes`` are unread."""

    @property
    def size(self) -> int:
        """Unread bytes, with those that are being written."""
        return self._size

    def put(self, message: bytes) -> None:
        """Add a message that the client must get. After an overflow nothing is added."""
        if self.overflowed.is_set():
            return
        self._queue.append(message)
        self._size += len(message)
        self._empty.clear()
        self._filled.set()
        if self._size > self._max_bytes:
            self.overflowed.set()

    def put_optional(self, message: bytes) -> None:
        """Add a message that the client can do without, unless too much is unread already."""
        if self._size <= self._max_optional_bytes:
            self.put(message)

    async def send_all(self, writer: Writer) -> None:
        """Send messages as they come, until cancelled.

        Raises:
            OSError: The client is gone.
        """
        while True:
            await self._filled.wait()
            messages, size = [], 0
            while self._queue and size < _WRITE_BYTES:
                messages.append(self._queue.popleft())
                size += len(messages[-1])
            writer.write(b"".join(messages))
            await writer.drain()
            self._size -= size
            if not self._queue:
                self._filled.clear()
                self._empty.set()

    async def flushed(self) -> None:
        """Wait until everything is sent."""
        await self._empty.wait()
