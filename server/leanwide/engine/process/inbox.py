"""The queue of messages for the decoding thread, which can check it during a computation."""

from __future__ import annotations

import threading
import time
from collections import deque

from attrs import field, frozen

from leanwide.engine import wire
from leanwide.engine.requests import Priority


@frozen
class ClientLeft:
    """A client is gone; its requests are cancelled already."""


@frozen
class QueuedMessage:
    """A message for the decoding thread."""

    message: wire.StartEngine | wire.Generate | wire.Close | ClientLeft
    client: int = 0
    """The number of the client that sent it."""
    received_at: float = field(factory=time.monotonic)
    """Seconds of ``time.monotonic``."""


class Inbox:
    """A queue from the reading thread to the decoding thread."""

    def __init__(self) -> None:
        self._queue: deque[QueuedMessage] = deque()
        self._changed = threading.Condition()

    @property
    def empty(self) -> bool:
        """Whether no message is queued."""
        return not self._queue

    def put(self, queued: QueuedMessage) -> None:
        """Queue a message and wake the decoding thread."""
        with self._changed:
            self._queue.append(queued)
            self._changed.notify()

    def get(self) -> QueuedMessage:
        """Wait for a message and return the oldest."""
        with self._changed:
            self._changed.wait_for(lambda: self._queue)
            return self._queue.popleft()

    def has_higher_priority_than(self, running: Priority, client: int = 0) -> bool:
        """Whether a queued request goes before a running one of priority ``running``.

        Requests of another client must be more urgent: of equal ones, each client has its turn, and
        many of them would leave no chunk to its end.

        Args:
            running: The priority of the running request.
            client: Whose request it is.
        """
        if not self._queue:  # called thousands of times a second, nearly always on an empty queue
            return False
        with self._changed:
            waiting = [
                (queued.message.request.priority, queued.client)
                for queued in self._queue
                if isinstance(queued.message, wire.Generate)
            ]
        return any(
            priority.goes_before(running) if sender == client else priority < running
            for priority, sender in waiting
        )
