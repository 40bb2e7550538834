"""Standard input and output as a connection, read and written by threads."""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Final, TypeVar

T = TypeVar("T")

_CLOSED_EVENTS: Final = getattr(select, "POLLERR", 0) | getattr(select, "POLLHUP", 0)


class _Thread:
    """Runs blocking calls one after another. The process does not wait for it when it ends."""

    def __init__(self, name: str) -> None:
        self._calls = SimpleQueue[Callable[[], None]]()
        threading.Thread(target=self._run, name=name, daemon=True).start()

    async def call(self, function: Callable[[], T]) -> T:
        """Run a function in the thread and return its result."""
        loop = asyncio.get_running_loop()
        result: asyncio.Future[T] = loop.create_future()

        def work() -> None:
            try:
                settle: Callable[[Any], None] = result.set_result
                outcome: Any = function()
            except OSError as error:
                settle, outcome = result.set_exception, error
            with contextlib.suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(_unless_done, result, settle, outcome)

        self._calls.put(work)
        return await result

    def _run(self) -> None:
        while True:
            self._calls.get()()


def _unless_done(
    result: asyncio.Future[Any], settle: Callable[[Any], None], outcome: object
) -> None:
    if not result.done():
        settle(outcome)


class Stdin:
    """Standard input."""

    def __init__(self) -> None:
        self._descriptor = sys.stdin.fileno()
        os.set_blocking(self._descriptor, True)
        self._thread = _Thread("leanwide-stdin")

    async def read(self, most: int, /) -> bytes:
        """Wait for up to ``most`` bytes; return none at the end.

        Raises:
            OSError: It cannot be read.
        """
        return await self._thread.call(lambda: os.read(self._descriptor, most))


class Stdout:
    """Standard output."""

    def __init__(self) -> None:
        self._descriptor = sys.stdout.fileno()
        os.set_blocking(self._descriptor, True)
        self._thread = _Thread("leanwide-stdout")
        self._buffered: list[bytes] = []

    @property
    def gone(self) -> bool:
        """Whether the client closed its end; False where the system cannot tell."""
        if not hasattr(select, "poll"):
            return False
        poll = select.poll()
        poll.register(self._descriptor, 0)
        return any(event & _CLOSED_EVENTS for _, event in poll.poll(0))

    def write(self, data: bytes, /) -> None:
        """Buffer bytes."""
        self._buffered.append(data)

    async def drain(self) -> None:
        """Wait until the buffer is written.

        Raises:
            OSError: The client closed its end.
        """
        data, self._buffered = b"".join(self._buffered), []
        await self._thread.call(lambda: self._write(data))

    def _write(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
