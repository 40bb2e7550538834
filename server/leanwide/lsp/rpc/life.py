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
from typing import Any, Final

import psutil

from leanwide.lsp.rpc.connection import ServedSession, serve_connection
from leanwide.lsp.rpc.stdio import Stdin, Stdout

logger = logging.getLogger(__name__)

_POLL_S: Final = 1.0
"""Seconds between two checks that the client still runs."""
_SIGNALLED_S: Final = 0.8
"""Seconds to end in after a signal."""
_CLIENT_GONE_S: Final = 5.0
"""Seconds to end in after the client is gone: the index is saved for the next start."""


class ProcessEnd:
    """Ends the process in time, even if something in it still runs."""

    def __init__(self) -> None:
        self.code: int | None = None
        """The exit code that a signal asks for; None before a signal."""
        self._signalled = asyncio.Event()
        self._loop = asyncio.get_running_loop()

    async def signalled(self) -> None:
        """Wait for a signal."""
        await self._signalled.wait()

    @contextlib.contextmanager
    def on_signals(self) -> Iterator[None]:
        """Handle the signals that end a program; a second one ends it at once.

        Python's own handlers run while the loop is busy; asyncio's wait for it.
        """
        kinds = (signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM))
        old = {kind: signal.signal(kind, self._on_signal) for kind in kinds}
        try:
            yield
        finally:
            if self.code is None:
                for kind, handler in old.items():
                    signal.signal(kind, handler)

    def end_within(self, seconds: float, code: int) -> None:
        """End the process after ``seconds``, unless it ends before."""
        timer = threading.Timer(seconds, end_at_once, (code,))
        timer.daemon = True
        timer.start()

    def _on_signal(self, number: int, _: FrameType | None) -> None:
        if self.code is not None:
            end_at_once(self.code)
        self.code = 128 + number
        self.end_within(_SIGNALLED_S, self.code)
        self._loop.call_soon_threadsafe(self._signalled.set)


def end_at_once(code: int) -> None:
    """Kill the children and end the process, without any cleanup."""
    with contextlib.suppress(psutil.Error):
        for child in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                child.kill()
    os._exit(code)


def serve_stdio(session: ServedSession) -> int:
    """Serve the client on standard input and output; return the exit code of the process."""
    return asyncio.run(_serve(session))


async def _serve(session: ServedSession) -> int:
    asyncio.get_running_loop().set_exception_handler(_log_error)
    ending, stdout = ProcessEnd(), Stdout()
    with ending.on_signals():
        serving = asyncio.create_task(serve_connection(session, Stdin(), stdout))
        ends = (
            asyncio.create_task(ending.signalled()),
            asyncio.create_task(_client_gone(session, stdout)),
        )
        await asyncio.wait((serving, *ends), return_when=asyncio.FIRST_COMPLETED)
        if ending.code is None:
            ending.end_within(_CLIENT_GONE_S, session.protocol.exit_code)
        for task in (serving, *ends):
            task.cancel()
        await asyncio.gather(serving, *ends, return_exceptions=True)
        return session.protocol.exit_code if ending.code is None else ending.code


async def _client_gone(session: ServedSession, stdout: Stdout) -> None:
    """Wait until the client has closed its end, or its process has ended."""
    client: psutil.Process | None = None
    while not stdout.gone:
        await asyncio.sleep(_POLL_S)
        number = session.process_id
        if number is None or number <= 0:
            continue
        client = client or await asyncio.to_thread(_process, number)
        if client is None or not await asyncio.to_thread(_is_running, client):
            logger.error("the client's process has ended: leanwide ends")
            return
    logger.error("the client closed its end: leanwide ends")


def _process(number: int) -> psutil.Process | None:
    """Return the process with a number; None where there is none."""
    try:
        return psutil.Process(number)
    except (psutil.Error, ValueError, OverflowError):
        return None


def _is_running(process: psutil.Process) -> bool:
    """Whether a process runs; psutil compares start times, so a reused number does not count."""
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
    except psutil.Error:
        return True  # we may not inspect it, but it exists


def _log_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log the error of a task without its message, which may quote the user's text."""
    logger.error("%s: %s", context["message"], type(context.get("exception")).__name__)
