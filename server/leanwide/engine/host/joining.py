"""Connects to the engine that other windows use, or starts it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec

from leanwide import child
from leanwide.engine import wire
from leanwide.engine.child_process import SHORT_SPIN, EngineConnection, OwnProcess
from leanwide.engine.host.folder import (
    connected,
    log_path,
    private_folder,
    socket_path,
    start_lock,
)
from leanwide.engine.restarts import EngineDeath
from leanwide.engine.specs import ModelSpec

logger = logging.getLogger(__name__)

IDLE_S: Final = 120.0
"""Seconds without a client after which an engine ends: an editor may be restarted meanwhile."""
_WELCOME_S: Final = 20.0
"""Seconds in which an engine says who it is: it may have to load its modules first."""
_LAST_LINES: Final = 20
_MAX_LOG_BYTES: Final = 64_000
"""Of the end of a log that is looked at."""
_LOCK_S: Final = 15.0
"""Seconds to wait for another window that starts or ends the same engine."""
_BACKLOG: Final = 64
"""Connections that may wait to be accepted."""
_TRIES: Final = 3
"""Engines that may end while this server connects to them, before it uses its own."""


class EngineEndedError(ConnectionError):
    """A shared engine ended before it said who it is."""


class HostConnection:
    """The connection to an engine that other servers use, too."""

    def __init__(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, process: int, log: Path
    ) -> None:
        self.incoming = reader
        self.process_id = process
        self._writer = writer
        self._log = log

    def write(self, data: bytes) -> None:
        """Send bytes, unless the connection is closed."""
        if not self._writer.is_closing():
            self._writer.write(data)

    def kill(self) -> None:
        """End the process, for all of its clients: it hangs."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process_id, signal.SIGKILL)

    async def ended(self) -> EngineDeath:
        """Return what the process said at its end; its exit code is not known here."""
        return EngineDeath(code=None, last_lines=await asyncio.to_thread(_last_lines, self._log))

    async def close(self) -> None:
        """Leave the engine, which serves others, or ends after a while."""
        self._writer.close()


def shared_process(
    folder: Path, idle_s: float = IDLE_S
) -> Callable[[Sequence[ModelSpec]], Awaitable[EngineConnection]]:
    """Return what connects to the engine of all windows, or else starts a process for one."""

    async def connect(models: Sequence[ModelSpec]) -> EngineConnection:
        try:
            return await join(folder, models, idle_s)
        except OSError as error:
            logger.warning("no engine can be shared, this window has its own: %s", error)
            return await OwnProcess.start()

    return connect


async def join(folder: Path, models: Sequence[ModelSpec], idle_s: float = IDLE_S) -> HostConnection:
    """Return a connection to the user's engine for these models; start it where there is none.

    Raises:
        OSError: That is not possible here.
    """
    for _ in range(_TRIES - 1):
        with contextlib.suppress(EngineEndedError):
            return await _join_once(folder, models, idle_s)
    return await _join_once(folder, models, idle_s)


async def _join_once(folder: Path, models: Sequence[ModelSpec], idle_s: float) -> HostConnection:
    connection, path = await asyncio.to_thread(_connect_or_start, folder, models, idle_s)
    reader, writer, description = await welcome(connection)
    return HostConnection(reader, writer, description.process, log_path(path))


async def welcome(
    connection: socket.socket,
) -> tuple[asyncio.StreamReader, asyncio.StreamWriter, wire.Description]:
    """Wait for an engine's first message; return the streams and the message.

    Raises:
        EngineEndedError: It ended.
        OSError: It says nothing, or something else.
    """
    reader, writer = await asyncio.open_unix_connection(sock=connection)
    try:
        async with asyncio.timeout(_WELCOME_S):
            (size,) = wire.HEADER.unpack(await reader.readexactly(wire.HEADER.size))
            message = wire.decode_to_server(await reader.readexactly(size))
    except (asyncio.IncompleteReadError, ConnectionError) as error:
        writer.close()
        raise EngineEndedError("the shared engine ended") from error
    except (TimeoutError, msgspec.MsgspecError) as error:
        writer.close()
        raise ConnectionError("the shared engine does not answer") from error
    if not isinstance(message, wire.Description):
        writer.close()
        raise ConnectionError("the shared engine does not say who it is")
    return reader, writer, message


def _connect_or_start(
    folder: Path, models: Sequence[ModelSpec], idle_s: float
) -> tuple[socket.socket, Path]:
    """Return a connection to the engine for these models, and the path of its socket.

    It blocks, in one thread: a caller that is cancelled leaves no lock behind.
    """
    path = socket_path(private_folder(folder), models)
    with start_lock(path, wait_s=_LOCK_S):
        connection = connected(path)
        if connection is None:
            _start(path, idle_s)
            connection = connected(path)
    if connection is None:
        raise ConnectionError("the shared engine ended at once")
    return connection, path


def _start(path: Path, idle_s: float) -> None:
    """Start an engine that listens on the socket at a path.

    Raises:
        OSError: It cannot be started.
    """
    path.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX) as listener, log_path(path).open("wb") as log:
        listener.bind(str(path))
        path.chmod(0o600)
        listener.listen(_BACKLOG)
        number = listener.fileno()
        command = child.python("-m", "leanwide.engine.host", str(number), str(path), str(idle_s))
        code = child.run_detaching(command, number, log, SHORT_SPIN)
    if code != 0:
        path.unlink(missing_ok=True)
        raise ConnectionError(f"the shared engine could not be started: exit code {code}")


def _last_lines(log: Path) -> list[str]:
    """Return the last lines of a log; none where it cannot be read."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _MAX_LOG_BYTES))
            return file.read().decode("utf-8", "replace").splitlines()[-_LAST_LINES:]
    except OSError:
        return []
