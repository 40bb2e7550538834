"""The server's log, on stderr: what happened and where, never what a document says."""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType
from typing import Final

from leanwide.cli.terminal import escaped

_OURS: Final = "leanwide"


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
    """Write what is worth a warning."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(QuietFormatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler])
    # pygls logs messages with the user's text in them, also as errors: none of it is ours to keep.
    logging.getLogger("pygls").setLevel(logging.CRITICAL + 1)
