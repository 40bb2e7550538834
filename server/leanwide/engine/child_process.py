"""The server's handle on one engine process: talks to it, and kills it if it hangs."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from asyncio.subprocess import PIPE, Process
from collections import deque
from collections.abc import Callable
from typing import Final, Protocol

import psutil
from attrs import frozen

from leanwide import child
from leanwide.engine import wire
from leanwide.engine.restarts import EngineDeath
from leanwide.engine.specs import ModelSpec

logger = logging.getLogger(__name__)

SHORT_SPIN: Final = {"GOMP_SPINCOUNT": "1000"}
"""llama.cpp's threads spin for each other a short while and then sleep. Spinning on, the default,
takes the cores away from what they wait for once another program runs; sleeping at once halves the
speed on a quiet machine (docs/measurements.md, threads)."""
_STDERR_LINES: Final = 20
_PING: Final = 0
"""Id of requests that only ask for a sign of life; a client numbers its requests from 1."""


@frozen(kw_only=True)
class SilenceLimits:
    """How long a process that owes an answer may say nothing before it is killed, in seconds."""

    hang: float
    """Without a message, though it is asked for a sign of life."""
    load: float
    """The same while it loads the model: a slow disk may hold everything up."""
    step: float
    """With signs of life only: the first step on a GPU compiles its programs, for a minute or
    more, and a starved machine computes slowly."""


class EngineConnection(Protocol):
    """The way to an engine process, and what can be done with the process."""

    @property
    def process_id(self) -> int:
        """The process id."""

    @property
    def incoming(self) -> asyncio.StreamReader:
        """What it sends; ends with the process."""

    def write(self, data: bytes) -> None:
        """Send bytes, unless the connection is closed."""

    def kill(self) -> None:
        """End the process: it hangs."""

    async def ended(self) -> EngineDeath:
        """Wait for the end of a process that sends nothing more, and return how it ended."""

    async def close(self) -> None:
        """Leave the process. One that serves no other server ends."""


class OwnProcess:
    """A child with pipes, which ends with this server."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._last_lines: deque[str] = deque(maxlen=_STDERR_LINES)
        self._reading = asyncio.create_task(self._keep_stderr())

    @classmethod
    async def start(cls) -> OwnProcess:
        """Start a process, which loads nothing before it is told what.

        Raises:
            OSError: It cannot be started.
        """
        command = child.python("-m", "leanwide.engine.process.worker")
        return cls(await child.start(command, stderr=PIPE, more=SHORT_SPIN))

    @property
    def process_id(self) -> int:
        """The process id."""
        return self._process.pid

    @property
    def incoming(self) -> asyncio.StreamReader:
        """The pipe from the process."""
        assert self._process.stdout is not None  # noqa: S101  # started with PIPE
        return self._process.stdout

    def write(self, data: bytes) -> None:
        """Send bytes, unless the pipe is closed."""
        stdin = self._process.stdin
        if stdin is not None and not stdin.is_closing():
            stdin.write(data)

    def kill(self) -> None:
        """End the process."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()

    async def ended(self) -> EngineDeath:
        """Wait for the end of the process and return how it ended."""
        code = await self._process.wait()
        await self._reading
        return EngineDeath(code=code, last_lines=self._last_lines)

    async def close(self) -> None:
        """End the process, unless it has ended."""
        if self._process.returncode is None:
            self.kill()
            await self._process.wait()
        await self._reading

    async def _keep_stderr(self) -> None:
        """Keep the newest lines of stderr: where llama.cpp fails, they say why."""
        assert self._process.stderr is not None  # noqa: S101  # started with PIPE
        while line := await self._process.stderr.readline():
            self._last_lines.append(line.decode("utf-8", "replace").rstrip())


def memory_of(process: int) -> int:
    """Return a process's proportional set size, or resident set size; 0 if unknown. Blocks."""
    try:
        full = psutil.Process(process).memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(full, "pss", full.rss))


class EngineProcess:
    """A running engine process."""

    def __init__(self, connection: EngineConnection, limits: SilenceLimits) -> None:
        self._connection = connection
        self._limits = limits
        self._loading = True
        self._unanswered: set[int] = set()
        """Requests without their last message, also those that no caller waits for any more."""
        self._heard_at = self._worked_at = time.monotonic()
        """When the last message came, and the last one that is not the answer to a ping."""

    @property
    def id(self) -> int:
        """The process id."""
        return self._connection.process_id

    def send(self, message: wire.ToWorker) -> None:
        """Send a message, unless the connection is closed."""
        self._connection.write(wire.frame(message))

    def ask(self, message: wire.Count | wire.CountUnread | wire.Generate) -> None:
        """Send a request that the process must answer."""
        self.send(message)
        if not self._unanswered:
            self._heard_at = self._worked_at = time.monotonic()
        self._unanswered.add(message.id)

    async def run(
        self, models: tuple[ModelSpec, ...], handle: Callable[[wire.ToServer], None]
    ) -> EngineDeath | None:
        """Load the first model and pass messages to ``handle`` until the process ends.

        Returns None where it refused the model: ``handle`` got the reason.
        """
        try:
            async with asyncio.TaskGroup() as tasks:
                watch = tasks.create_task(self._end_when_hung())
                self.send(wire.StartEngine(models))
                refused = await self._listen(handle)
                watch.cancel()
            death = await self._connection.ended()
        finally:
            await self._connection.close()
        if refused:
            return None
        lines = " | ".join(death.last_lines)
        logger.error("engine process ended with code %s: %s", death.code, lines)
        return death

    async def _listen(self, handle: Callable[[wire.ToServer], None]) -> bool:
        """Handle messages until the pipe is closed; return whether the model was refused."""
        incoming = self._connection.incoming
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                (size,) = wire.HEADER.unpack(await incoming.readexactly(wire.HEADER.size))
                message = wire.decode_to_server(await incoming.readexactly(size))
                self._heard_at = time.monotonic()
                if isinstance(message, wire.Failed | wire.Counts) and message.id == _PING:
                    continue
                self._worked_at = self._heard_at
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
        """Kill a process that owes an answer and shows no sign of life or work for too long."""
        while True:
            await asyncio.sleep(self._limits.hang / 10)
            if not self._loading and not self._unanswered:
                continue
            self.send(wire.Count(_PING, "", []))  # answered by the thread that does not compute
            now = time.monotonic()
            if self._loading:
                hung = now > self._heard_at + self._limits.load
            else:
                stuck = now > self._worked_at + self._limits.step
                hung = stuck or now > self._heard_at + self._limits.hang
            if hung:
                logger.error(
                    "engine process is silent for %.0f s: it is ended", now - self._worked_at
                )
                self._connection.kill()
                return
