"""The server's log, on stderr: what happened and where, never what a document says."""

from __future__ import annotations

import atexit
import contextlib
import logging
import queue
import sys
import threading
import time
import traceback
from types import TracebackType
from typing import Final

from leanwide.cli.terminal import escaped

_OURS: Final = "leanwide"
_MOST: Final = 1000
"""Records that wait for somebody to read them; what comes on top is dropped."""
_LAST_S: Final = 0.2
"""Seconds in which the last ones can go out."""


class QuietFormatter(logging.Formatter):
    """Words records in one line each, and exceptions by their kind and place.

    The message of an exception may quote the text that it failed on, and so may the records of
    libraries behind their first line. A name that a workspace chose may hold control characters.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        """Word a record in one line."""
        if record.name.partition(".")[0] != _OURS:
            record.message = record.message.partition("\n")[0]
        return escaped(super().formatMessage(record))

    def formatException(  # noqa: N802  # logging's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Name an exception, and the places that it went through."""
        kind, _, trace = ei
        return "".join(traceback.format_tb(trace)) + (kind.__name__ if kind is not None else "")


def log_to_stderr() -> None:
    """Write what is worth a warning, from a thread: a pipe that nobody reads holds up nothing."""
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(QuietFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    lines = queue.Queue[logging.LogRecord](_MOST)
    threading.Thread(target=_write, args=(lines, stream), name="leanwide-log", daemon=True).start()
    logging.basicConfig(handlers=[_Dropping(lines)])
    atexit.register(_wait, lines)
    # pygls logs messages with the user's text in them, also as errors: none of it is ours to keep.
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)


class _Dropping(logging.Handler):
    """Hands records to a queue, unless it is full."""

    def __init__(self, lines: queue.Queue[logging.LogRecord]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Add a record."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(record)


def _write(lines: queue.Queue[logging.LogRecord], stream: logging.Handler) -> None:
    while True:
        stream.handle(lines.get())
        lines.task_done()


def _wait(lines: queue.Queue[logging.LogRecord]) -> None:
    end = time.monotonic() + _LAST_S
    while lines.unfinished_tasks and time.monotonic() < end:
        time.sleep(0.005)
