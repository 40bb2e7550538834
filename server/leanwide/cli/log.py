"""The server's log, on stderr: what happened and where, never text of a document."""

from __future__ import annotations

import atexit
import contextlib
import logging
import queue
import sys
import threading
import time
import traceback
from collections.abc import Iterable
from types import TracebackType
from typing import Final

from leanwide.cli.terminal import escaped

_LOGGER_ROOT: Final = "leanwide"
_MAX_RECORDS: Final = 1000
"""Records that wait to be written; more are dropped."""
_FLUSH_S: Final = 0.2
"""Seconds in which the last records can be written."""


class QuietFormatter(logging.Formatter):
    """Formats a record as one line, and an exception as its type and traceback.

    The message of an exception may quote the text that it failed on, and so may records of
    libraries after their first line. File names of a workspace may contain control characters.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  # logging's name
        """Format a record as one line."""
        if record.name.partition(".")[0] != _LOGGER_ROOT:
            record.message = record.message.partition("\n")[0]
        return escaped(super().formatMessage(record))

    def formatException(  # noqa: N802  # logging's name
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None]
        | tuple[None, None, None],
    ) -> str:
        """Return the traceback and the type of an exception."""
        kind, _, trace = ei
        return "".join(traceback.format_tb(trace)) + (kind.__name__ if kind is not None else "")


def log_to_stderr(*others: logging.Handler) -> None:
    """Log warnings and errors from a thread, so that an unread pipe blocks nothing.

    Args:
        others: What gets each record besides; the thread calls them.
    """
    stream = logging.StreamHandler(sys.stderr)
    stream.setFormatter(QuietFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    lines = queue.Queue[logging.LogRecord](_MAX_RECORDS)
    outputs = (stream, *others)
    threading.Thread(target=_write, args=(lines, outputs), name="leanwide-log", daemon=True).start()
    logging.basicConfig(handlers=[_Dropping(lines)])
    atexit.register(_flush, lines)
    # pygls logs messages that contain the user's text, also as errors.
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)


class _Dropping(logging.Handler):
    """Adds records to a queue, unless it is full."""

    def __init__(self, lines: queue.Queue[logging.LogRecord]) -> None:
        super().__init__()
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        """Add a record."""
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(record)


def _write(lines: queue.Queue[logging.LogRecord], outputs: Iterable[logging.Handler]) -> None:
    while True:
        record = lines.get()
        for output in outputs:
            output.handle(record)
        lines.task_done()


def _flush(lines: queue.Queue[logging.LogRecord]) -> None:
    end = time.monotonic() + _FLUSH_S
    while lines.unfinished_tasks and time.monotonic() < end:
        time.sleep(0.005)
