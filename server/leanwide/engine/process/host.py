"""An engine process that several servers of one user share, started by the first of them.

It inherits the socket on which it listens, so that a server can connect before it is ready, and
leaves its starter's session: it ends some time after its last client, not with its first.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import threading
import time
from collections import deque
from itertools import count
from pathlib import Path
from typing import Final

import msgspec

from leanwide.engine import wire
from leanwide.engine.host.folder import log_path, same_user, start_lock
from leanwide.engine.process.clients import ServedClient
from leanwide.engine.process.worker import Worker, prepare_process

_LOOK_S: Final = 1.0
"""Seconds between two looks whether a client is left."""
_MAX_UNREAD_BYTES: Final = 1_000_000
"""Messages that a client may leave unread before it is disconnected."""
_LAST_WORDS_S: Final = 1.0
"""Seconds in which the clients can be sent why the process ends."""


class SocketOutput:
    """Writes to a client from a thread of its own: one that does not read delays no other."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._frames: deque[bytes] = deque()
        self._unread = 0
        self._changed = threading.Condition()
        self._closed = False
        threading.Thread(target=self._write_forever, daemon=True).start()

    def send(self, message: wire.ToServer) -> None:
        """Queue a message; disconnect a client that leaves too many unread."""
        frame = wire.frame(message)
        with self._changed:
            self._frames.append(frame)
            self._unread += len(frame)
            self._closed = self._closed or self._unread > _MAX_UNREAD_BYTES
            self._changed.notify_all()
        if self._closed:
            self.close()

    def flush(self, until: float) -> None:
        """Wait until all is sent, the client is gone, or ``time.monotonic`` is ``until``."""
        with self._changed:
            left = max(0.0, until - time.monotonic())
            self._changed.wait_for(lambda: not self._unread or self._closed, left)

    def close(self) -> None:
        """Disconnect the client and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)

    def _write_forever(self) -> None:
        with contextlib.suppress(OSError):
            while (frame := self._next()) is not None:
                self._connection.sendall(frame)
                with self._changed:
                    self._unread -= len(frame)
                    self._changed.notify_all()
        self.close()

    def _next(self) -> bytes | None:
        with self._changed:
            self._changed.wait_for(lambda: self._frames or self._closed)
            return None if self._closed else self._frames.popleft()


class Host:
    """Accepts clients for a worker until none is left for a while."""

    def __init__(self, listener: socket.socket, path: Path, idle_s: float) -> None:
        self._listener = listener
        self._path = path
        self._idle_s = idle_s
        self._worker = Worker(self._exit)
        self._numbers = count(1)
        self._connected: dict[int, SocketOutput] = {}

    def run(self) -> None:
        """Serve until no client was left for a while, and remove the socket."""
        self._worker.start()
        self._listener.settimeout(_LOOK_S)
        used_at = time.monotonic()
        while self._connected or time.monotonic() - used_at < self._idle_s or not self._closed():
            if self._connected:
                used_at = time.monotonic()
            self._accept()
        # Not _exit: the socket at the path may be that of a new engine by now.
        os._exit(0)

    def _accept(self) -> bool:
        """Serve the next connection of the same user; return whether there was one in time."""
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return False
        if not same_user(connection):
            connection.close()
            return True
        connection.settimeout(None)
        number, output = next(self._numbers), SocketOutput(connection)
        self._connected[number] = output
        client = ServedClient(number, output)
        threading.Thread(target=self._serve, args=(connection, client, output), daemon=True).start()
        return True

    def _serve(self, connection: socket.socket, client: ServedClient, output: SocketOutput) -> None:
        """Serve one client to its end."""
        try:
            with connection, contextlib.closing(output), connection.makefile("rb") as stream:
                output.send(self._worker.description())
                with contextlib.suppress(OSError, msgspec.MsgspecError):
                    self._worker.serve(client, stream)
        finally:
            del self._connected[client.number]

    def _closed(self) -> bool:
        """Remove the socket, unless a server is about to connect; return whether it is removed."""
        with contextlib.suppress(BlockingIOError), start_lock(self._path, wait_s=0):
            self._listener.settimeout(0)
            if not self._accept():
                self._path.unlink(missing_ok=True)
                log_path(self._path).unlink(missing_ok=True)  # it ended well
                return True
        self._listener.settimeout(_LOOK_S)
        return False

    def end(self) -> None:
        """End the process at once; its clients start another one."""
        self._path.unlink(missing_ok=True)
        os._exit(0)

    def _exit(self, code: int) -> None:
        """End the process when its clients have been told why."""
        self._path.unlink(missing_ok=True)
        until = time.monotonic() + _LAST_WORDS_S
        for output in list(self._connected.values()):
            output.flush(until)
        os._exit(code)  # no clean end: the decoding thread may be inside llama.cpp


def main() -> None:
    """Serve on an inherited socket, bound to a path, until no client is left for some seconds."""
    descriptor, path, idle_s = sys.argv[1:]
    prepare_process()
    os.dup2(2, 1)  # llama.cpp sometimes prints on stdout
    host = Host(socket.socket(fileno=int(descriptor)), Path(path), float(idle_s))
    signal.signal(signal.SIGTERM, lambda *_: host.end())
    host.run()


if __name__ == "__main__":
    main()
