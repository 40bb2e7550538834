"""The life of a server on standard input and output: what ends it, and that it ends in time."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import TYPE_CHECKING, Any, Final

import psutil

from leanwide.lsp.rpc.connection import serve_connection
from leanwide.lsp.rpc.stdio import Stdin, Stdout

if TYPE_CHECKING:
    from leanwide.lsp.session import Server

logger = logging.getLogger(__name__)

_LOOK_S: Final = 1.0
"""Seconds between two looks at whether the client is there."""
_SIGNALLED_S: Final = 0.8
"""Seconds to end in, once somebody wants the process away."""
_LEFT_S: Final = 5.0
"""Seconds to end in, once the client is gone: what was indexed is kept for the next start."""


class ProcessEnd:
    """Ends the process in time, if need be without waiting for what runs in it."""

    def __init__(self) -> None:
        self.code: int | None = None
        """What a signal wants the process to end with."""
        self._wanted = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def wanted(self) -> None:
        """Wait for a signal."""
        await self._wanted.wait()

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """Take the signals that end a program; a second one ends it at once.

        Python's own handlers run while the loop is busy; those of asyncio wait for it.
        """
        kinds = (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))
        old = {kind: signal.signal(kind, self._take) for kind in kinds}
        try:
            yield
        finally:
            if self.code is None:
                for kind, handler in old.items():
                    signal.signal(kind, handler)

    def within(self, seconds: float, code: int) -> None:
        """End the process after some time, if it has not ended before."""
        timer = threading.Timer(seconds, end_at_once, (code,))
        timer.daemon = True
        timer.start()

    def _take(self, number: int, _: FrameType | None) -> None:
        if self.code is not None:
            end_at_once(self.code)
        self.code = 128 + number
        self.within(_SIGNALLED_S, self.code)
        self._loop.call_soon_threadsafe(self._wanted.set)


def end_at_once(code: int) -> None:
    """End the process and its children, whatever they do."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    os._exit(code)


def serve_stdio(server: Server) -> int:
    """Serve the client on standard input and output; return what the process is to end with."""
    return asyncio.run(_serve(server))


async def _serve(server: Server) -> int:
    asyncio.get_running_loop().set_exception_handler(_log)
    ending, stdout = ProcessEnd(), Stdout()
    with ending.on_signals():
        serving = asyncio.create_task(serve_connection(server, Stdin(), stdout))
        ends = (
            asyncio.create_task(ending.wanted()),
            asyncio.create_task(_client_gone(server, stdout)),
        )
        await asyncio.wait((serving, *ends), return_when=asyncio.FIRST_COMPLETED)
        if ending.code is None:
            ending.within(_LEFT_S, server.protocol.exit_code)
        for task in (serving, *ends):
            task.cancel()
        await asyncio.gather(serving, *ends, return_exceptions=True)
        return server.protocol.exit_code if ending.code is None else ending.code


async def _client_gone(server: Server, stdout: Stdout) -> None:
    """Wait until nobody can read what is written, or the process has ended that named itself."""
    client: psutil.Process | None = None
    while not stdout.gone:
        await asyncio.sleep(_LOOK_S)
        number = server.process_id
        if number is None or number <= 0:
            continue
        client = client or await asyncio.to_thread(_process, number)
        if client is None or not await asyncio.to_thread(_lives, client):
            logger.error("the client's process has ended: leanwide ends")
            return
    logger.error("the client closed its end: leanwide ends")


def _process(number: int) -> psutil.Process | None:
    """A process; None where there is none with that number."""
    try:
        return psutil.Process(number)
    except (psutil.Error, ValueError, OverflowError):
        return None


def _lives(process: psutil.Process) -> bool:
    """Whether a process lives, and is no other one with its number: psutil compares their ages."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True  # it is not ours to look at, but it is there


def _log(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what nobody waited for; its message may quote the user's text."""
    logger.error("%s: %s", context["message"], type(context.get("exception")).__name__)
