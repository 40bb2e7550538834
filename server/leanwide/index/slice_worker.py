"""A thread that works in small slices, with rests and short tasks in between."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

logger = logging.getLogger(__name__)

_POLL_S: Final = 0.05
"""Seconds between two checks whether a pause is over."""
_SLICE_S: Final = 0.002
"""Seconds of work after which the thread rests."""

T = TypeVar("T")


class Superseded(Exception):  # noqa: N818  # it is no error
    """A newer long task is waiting, or the worker is closing."""


class SliceWorker(Generic[T]):
    """Runs long tasks one after the other, and short ones between their slices.

    Args:
        name: The name of the thread.
        short: Runs the short tasks that are waiting; it calls its second argument between them.
        idle: Called after ``idle_s`` seconds without work, and at the end.
        idle_s: Seconds.
        rest: Seconds of rest for each second of work: 1.0 uses half a core.
    """

    def __init__(
        self,
        name: str,
        short: Callable[[Sequence[T], Callable[[], None]], None],
        idle: Callable[[], None],
        *,
        idle_s: float,
        rest: float,
    ) -> None:
        self._short, self._idle = short, idle
        self._idle_s, self._rest = idle_s, rest
        self._waiting: deque[T] = deque()
        self._long: Callable[[], None] | None = None
        self._busy = False
        self._closed = False
        self._changed = threading.Condition()
        self._quiet_until = 0.0
        self._slice_began = 0.0
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def start(self, task: Callable[[], None]) -> None:
        """Run a long task, which must call :meth:`rest` often; it supersedes the running one."""
        with self._changed:
            self._long = task
            self._changed.notify_all()

    def post(self, task: T) -> None:
        """Run a short task soon."""
        with self._changed:
            self._waiting.append(task)
            self._changed.notify_all()

    def pause(self, seconds: float) -> None:
        """Do nothing for ``seconds`` from now on; 0 ends an earlier pause."""
        self._quiet_until = time.monotonic() + seconds

    def wait(self, seconds: float) -> bool:
        """Wait at most ``seconds`` until nothing is left to do; return whether that was in time."""
        with self._changed:
            return self._changed.wait_for(lambda: self._nothing_to_do, seconds)

    def close(self, seconds: float) -> None:
        """End the thread; wait at most ``seconds`` for it."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join(seconds)

    def rest(self) -> None:
        """Let other threads run, then run the short tasks: called by a long task between slices.

        Raises:
            Superseded: The long task must end.
        """
        self._yield_cpu()
        self._run_short()
        if self._closed or self._long is not None:
            raise Superseded

    def _rest_in_batch(self) -> None:
        """Let other threads run: called between two short tasks.

        Raises:
            Superseded: The worker is closing.
        """
        self._yield_cpu()
        if self._closed:
            raise Superseded

    @property
    def _nothing_to_do(self) -> bool:
        return not (self._busy or self._waiting or self._long is not None)

    def _yield_cpu(self) -> None:
        """Sleep after a slice of work, and through a pause."""
        worked = time.monotonic() - self._slice_began
        if worked < _SLICE_S and time.monotonic() >= self._quiet_until:
            return
        time.sleep(worked * self._rest)
        while not self._closed and (left := self._quiet_until - time.monotonic()) > 0:
            time.sleep(min(left, _POLL_S))
        self._slice_began = time.monotonic()

    def _run_short(self) -> None:
        with self._changed:
            tasks = list(self._waiting)
            self._waiting.clear()
        if tasks:
            self._guarded(lambda: self._short(tasks, self._rest_in_batch))

    def _run(self) -> None:
        while self._sleep():
            self._slice_began = time.monotonic()
            self._yield_cpu()
            self._run_short()
            with self._changed:
                task, self._long = self._long, None
            if task is not None:
                self._guarded(task)
            with self._changed:
                self._busy = False
                self._changed.notify_all()
        self._guarded(self._idle)

    def _sleep(self) -> bool:
        """Wait for a task; return False when the worker closes."""
        with self._changed:
            while self._nothing_to_do and not self._closed:
                if not self._changed.wait(self._idle_s):
                    self._guarded(self._idle)
            self._busy = not self._closed
            return self._busy

    def _guarded(self, task: Callable[[], None]) -> None:
        """Run a task; an error ends only that task, and is logged without the text it may quote."""
        try:
            task()
        except Superseded:
            pass
        except Exception as error:  # noqa: BLE001  # whatever a task may meet
            where = traceback.extract_tb(error.__traceback__)[-1:]
            logger.error("the workspace index: %s at %s", type(error).__name__, where)  # noqa: TRY400
