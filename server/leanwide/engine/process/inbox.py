"""Messages on their way to the decoding thread, which may look at what waits while it computes."""

from __future__ import annotations

import threading
import time
from collections import deque

from attrs import field, frozen

from leanwide.engine import wire
from leanwide.engine.base import Priority


@frozen
class QueuedMessage:
    """A message for the decoding thread, which may be in the middle of a step."""

    message: wire.StartEngine | wire.Generate | wire.Close
    at: float = field(factory=time.monotonic)
    """When it came, in seconds of ``time.monotonic``."""


class Inbox:
    """A queue from the reading thread to the decoding one."""

    def __init__(self) -> None:
        self._waiting: deque[QueuedMessage] = deque()
        self._changed = threading.Condition()

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def put(self, arrival: QueuedMessage) -> None:
        """Let a message wait, and wake who waits for one."""
        with self._changed:
            self._waiting.append(arrival)
            self._changed.notify()

    def get(self) -> QueuedMessage:
        """Give the oldest message, once there is one."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting)
            return self._waiting.popleft()

    def outdoes(self, running: Priority) -> bool:
        """Whether a request waits that goes before one of that priority."""
        if not self._waiting:  # asked thousands of times a second, nearly always for nothing
            return False
        with self._changed:
            waiting = [arrival.message for arrival in self._waiting]
        asked = (one.request.priority for one in waiting if isinstance(one, wire.Generate))
        return any(priority.goes_before(running) for priority in asked)
