"""The last errors of the server in a file, for ``leanwide doctor --report``: what and where.

An error is its message without the folders in it, a warning only what leanwide's code says without
the names that belong into it, and an exception is its type and its places. So no path and no text
of the user is in the file.
"""

from __future__ import annotations

import io
import logging
import os
import re
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Final

from platformdirs import user_log_path

from leanwide.cli.terminal import escaped

_LOGGER_ROOT: Final = "leanwide"
_MAX_BYTES: Final = 64_000
"""Size at which the file is put aside and a new one begun; one older file is kept."""
_FOLDERS: Final = re.compile(r"(?<![\w$])~?/(?:[^/\n]*/)*")
"""From the first folder of a path to the last one in the line: names may contain blanks."""
_INDENT: Final = "    "


def log_path() -> Path:
    """Return the file."""
    return user_log_path("leanwide") / "errors.log"


class ErrorFile(RotatingFileHandler):
    """Writes warnings and errors to a file that only the user may read; failing to is no error."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, maxBytes=_MAX_BYTES, backupCount=1, encoding="utf-8", delay=True)
        self.setFormatter(_PlaceFormatter())
        self.setLevel(logging.WARNING)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802  # logging's name
        """Do nothing: the same record is on stderr."""

    def _open(self) -> io.TextIOWrapper:
        path = Path(self.baseFilename)
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
        return io.TextIOWrapper(os.fdopen(os.open(path, flags, 0o600), "ab"), self.encoding)


class _PlaceFormatter(logging.Formatter):
    """Formats a record as the text in the code, and an exception as its type and its places."""

    default_msec_format = ""

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of a record."""
        first = f"{self.formatTime(record)} {record.levelname} {record.name}: {_said(record)}"
        kind, _, trace = record.exc_info or (None, None, None)
        if kind is None:
            return first
        places = (
            f"{_INDENT}{_place(Path(frame.filename))}:{frame.lineno} in {frame.name}"
            for frame in traceback.extract_tb(trace)
        )
        return "\n".join((first, f"{_INDENT}{kind.__name__}", *places))


def _said(record: logging.LogRecord) -> str:
    """Return what a record says without the user's names."""
    if record.name.partition(".")[0] != _LOGGER_ROOT:
        return "(of a library)"
    if record.levelno < logging.ERROR:  # a notice, which names what of the user it is about
        return escaped(str(record.msg))
    return escaped(_FOLDERS.sub("…/", record.getMessage()))


def _place(file: Path) -> str:
    """Return a file's name with its packages, without the folder that they are installed in."""
    at = max((n for n, part in enumerate(file.parts) if part == "leanwide"), default=-2)
    return "/".join(file.parts[at:])


def last_errors(path: Path, most: int) -> list[str]:
    """Return the lines of the last records in the file and the older one, oldest first."""
    lines: list[str] = []
    for file in (path.with_name(f"{path.name}.1"), path):
        try:
            lines += file.read_text("utf-8", "replace").splitlines()
        except OSError:
            continue
    starts = [n for n, line in enumerate(lines) if not line.startswith(_INDENT)]
    return lines[starts[-most] :] if len(starts) >= most else lines
