"""Reads files on disk as views and selections for requests."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from leanwide.cli.errors import UsageError
from leanwide.context.view import View, split_lines
from leanwide.features.ask.selection import Selection, select_all
from leanwide.files.plain import read_plain
from leanwide.syntax import Position

_MAX_BYTES: Final = 16_000_000
"""Size of a file that is asked about."""
_PLACE: Final = re.compile(r"(?P<file>.+):(?P<start>[0-9]+)(?:-(?P<end>[0-9]+))?")


def read_view(file: Path, line: int, column: int) -> View:
    """Return a file with the cursor at ``line`` and ``column``, both counted from 1.

    Bytes that are not UTF-8 become U+FFFD, one character each. A byte order mark is no character.

    Raises:
        UsageError: The file cannot be read, or has no such place.
    """
    try:
        text = read_plain(file, _MAX_BYTES).decode("utf-8-sig", "replace")
    except OSError as error:
        raise UsageError(f"{file} cannot be read: {error.strerror}") from error
    lines = split_lines(text)
    current = lines[line - 1].rstrip("\r\n") if line <= len(lines) else ""
    if not (1 <= line <= len(lines) + 1 and 1 <= column <= len(current) + 1):
        raise UsageError(f"{file} has no line {line}, column {column}")
    return View(
        uri=file.absolute().as_uri(),
        path=str(file.absolute()),
        language_id=file.suffix.lstrip("."),
        version=0,
        lines=tuple(lines),
        line=line - 1,
        column=column - 1,
    )


def read_file(file: Path) -> Selection:
    """Return a file with all of it selected.

    Raises:
        UsageError: The file cannot be read.
    """
    return select_all(read_view(file, 1, 1))


def read_place(text: str) -> Selection:
    """Return the lines of ``FILE:START-END``; ``FILE:LINE`` is a cursor at the line's first word.

    Raises:
        UsageError: It is something else, or the file has no such lines.
    """
    match = _PLACE.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is not FILE:START-END")
    file, start = Path(match["file"]), int(match["start"])
    view = read_view(file, start, 1)
    if match["end"] is None:
        line = view.current_line
        view = read_view(file, start, 1 + len(line) - len(line.lstrip()))
        return Selection(view=view, end=Position(view.line, view.column))
    end = int(match["end"])
    if end < start:
        raise UsageError(f"{text!r} ends before it starts")
    last = read_view(file, end, 1)
    return Selection(view=view, end=Position(end - 1, len(last.current_line)))
