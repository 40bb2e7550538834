"""The servers that an engine process serves: one over the pipe, or several over sockets."""

from __future__ import annotations

import threading
from typing import Protocol

from leanwide.engine import wire


class Output(Protocol):
    """Where the messages for one client go."""

    def send(self, message: wire.ToServer) -> None:
        """Send a message, or drop it where the client is gone. Called by any thread."""


class ServedClient:
    """One server, and what it asked for."""

    def __init__(self, number: int, output: Output) -> None:
        self.number = number
        self.output = output
        self.started = False
        """Whether it has said which models it needs, and is told about lanes."""
        self.needed: set[str] = set()
        """Lanes that it used and has not closed since."""
        self._cancelled: dict[int, threading.Event] = {}
        self._lock = threading.Lock()

    def begin(self, request: int) -> None:
        """Make a request one that can be cancelled."""
        with self._lock:
            self._cancelled[request] = threading.Event()

    def cancellation(self, request: int) -> threading.Event:
        """Return what is set when a request is cancelled."""
        with self._lock:
            return self._cancelled.setdefault(request, threading.Event())

    def cancel(self, request: int) -> None:
        """Cancel a request, unless it has ended."""
        with self._lock:
            if (event := self._cancelled.get(request)) is not None:
                event.set()

    def end(self, request: int) -> None:
        """Forget a request that has ended."""
        with self._lock:
            self._cancelled.pop(request, None)

    def leave(self) -> None:
        """Cancel all of its requests."""
        with self._lock:
            for event in self._cancelled.values():
                event.set()


class ServedClients:
    """The clients that are connected now. Used by all threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_number: dict[int, ServedClient] = {}

    def add(self, client: ServedClient) -> None:
        """Add a client."""
        with self._lock:
            self._by_number[client.number] = client

    def remove(self, client: ServedClient) -> None:
        """Remove a client that is gone."""
        with self._lock:
            self._by_number.pop(client.number, None)

    def get(self, number: int) -> ServedClient | None:
        """Return a client, unless it is gone."""
        with self._lock:
            return self._by_number.get(number)

    @property
    def started(self) -> list[ServedClient]:
        """Those that use the engine."""
        with self._lock:
            return [client for client in self._by_number.values() if client.started]

    @property
    def connected(self) -> list[ServedClient]:
        """All of them."""
        with self._lock:
            return list(self._by_number.values())

    def need(self, lane: str) -> bool:
        """Whether a client still needs a lane."""
        return any(lane in client.needed for client in self.started)

    def tell(self, message: wire.ToServer) -> None:
        """Send a message to every client that uses the engine."""
        for client in self.started:
            client.output.send(message)
