"""The server's handle on one engine process: starts it, talks to it, kills it if it hangs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable
from typing import Final

import psutil

from leanwide import child
from leanwide.engine import wire
from leanwide.engine.restarts import EngineDeath
from leanwide.engine.specs import ModelSpec

logger = logging.getLogger(__name__)

_SHORT_SPIN: Final = {"GOMP_SPINCOUNT": "1000"}
"""llama.cpp's threads spin for each other a short while and then sleep. Spinning on, the default,
takes the cores away from what they wait for once another program runs; sleeping at once halves the
speed on a quiet machine (docs/measurements.md, threads)."""
_STDERR_LINES: Final = 20
_PING: Final = 0
"""Id of requests that only ask for a sign of life; a client numbers its requests from 1."""


class EngineProcess:
    """A running engine process; :meth:`start` makes one."""

    def __init__(self, process: Process, hang_s: float, load_s: float) -> None:
        self._process = process
        self._hang_s = hang_s
        self._load_s = load_s
        self._loading = True
        self._unanswered: set[int] = set()
        """Requests without their last message, also those that no caller waits for any more."""
        self._last_message_at = time.monotonic()

    @classmethod
    async def start(cls, *, hang_s: float, load_s: float) -> EngineProcess:
        """Start a process, which loads nothing before :meth:`run`.

        Args:
            hang_s: Seconds without a message after which it is killed while it owes an answer.
            load_s: The same while it loads the model: a slow disk may hold everything up.

        Raises:
            OSError: It cannot be started.
        """
        command = child.python("-m", "leanwide.engine.process.worker")
        return cls(await child.start(command, stderr=PIPE, more=_SHORT_SPIN), hang_s, load_s)

    @property
    def id(self) -> int:
        """The process id."""
        return self._process.pid

    def memory_bytes(self) -> int:
        """Return its proportional set size, or resident set size; 0 once it has ended. Blocks."""
        try:
            full = psutil.Process(self.id).memory_full_info()
        except psutil.Error:
            return 0
        return int(getattr(full, "pss", full.rss))

    def send(self, message: wire.ToWorker) -> None:
        """Send a message, unless the pipe is closed."""
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(wire.frame(message))

    def ask(self, message: wire.Count | wire.CountUnread | wire.Generate) -> None:
        """Send a request that the process must answer."""
        self.send(message)
        if not self._unanswered:
            self._last_message_at = time.monotonic()
        self._unanswered.add(message.id)

    async def run(
        self, models: tuple[ModelSpec, ...], handle: Callable[[wire.ToServer], None]
    ) -> EngineDeath | None:
        """Load the first model and pass messages to ``handle`` until the process ends.

        Returns None where it refused the model: ``handle`` got the reason.
        """
        last_lines: deque[str] = deque(maxlen=_STDERR_LINES)
        try:
            async with asyncio.TaskGroup() as tasks:
                watch = tasks.create_task(self._end_when_hung())
                tasks.create_task(self._keep_stderr(last_lines))
                self.send(wire.StartEngine(models))
                refused = await self._listen(handle)
                watch.cancel()
            code = await self._process.wait()
        finally:
            if self._process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    self._process.kill()
                await self._process.wait()
        if refused:
            return None
        logger.error("engine process ended with code %s: %s", code, " | ".join(last_lines))
        return EngineDeath(code=code, last_lines=last_lines)

    async def _listen(self, handle: Callable[[wire.ToServer], None]) -> bool:
        """Handle messages until the pipe is closed; return whether the model was refused."""
        stdout = self._process.stdout
        assert stdout is not None  # noqa: S101  # started with PIPE
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                (size,) = wire.HEADER.unpack(await stdout.readexactly(wire.HEADER.size))
                message = wire.decode_to_server(await stdout.readexactly(size))
                self._last_message_at = time.monotonic()
                match message:
                    case wire.LaneOpened():
                        self._loading = False
                    case wire.Done() | wire.Failed() | wire.Counts():
                        self._unanswered.discard(message.id)
                handle(message)
                if isinstance(message, wire.LoadRefused):
                    return True
        return False

    async def _end_when_hung(self) -> None:
        """Kill a process that owes an answer and sends nothing for too long."""
        while True:
            await asyncio.sleep(self._hang_s / 10)
            if self._loading:
                self.ask(wire.Count(_PING, "", []))  # answered by the thread that does not load
            silent = time.monotonic() - self._last_message_at
            if self._unanswered and silent > (self._load_s if self._loading else self._hang_s):
                logger.error("engine process is silent for %.0f s: it is ended", silent)
                self._process.kill()
                return

    async def _keep_stderr(self, lines: deque[str]) -> None:
        """Keep the newest lines of stderr: where llama.cpp fails, they say why."""
        assert self._process.stderr is not None  # noqa: S101  # started with PIPE
        while line := await self._process.stderr.readline():
            lines.append(line.decode("utf-8", "replace").rstrip())
