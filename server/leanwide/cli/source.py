"""A file on disk as the view that a request sees."""

from __future__ import annotations

from pathlib import Path

from leanwide.cli.errors import BadUse
from leanwide.context.view import View, split_lines


def read_view(file: Path, line: int, column: int) -> View:
    """Read ``file`` with the cursor at ``line`` and ``column``, both counted from 1.

    Raises:
        BadUse: The file cannot be read, or has no such place.
    """
    try:
        text = file.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise BadUse(f"{file} cannot be read: {reason}") from error
    lines = split_lines(text)
    current = lines[line - 1].rstrip("\r\n") if line <= len(lines) else ""
    if not (1 <= line <= len(lines) + 1 and 1 <= column <= len(current) + 1):
        raise BadUse(f"{file} has no line {line}, column {column}")
    return View(
        uri=file.absolute().as_uri(),
        path=str(file),
        language_id=file.suffix.lstrip("."),
        version=0,
        lines=tuple(lines),
        line=line - 1,
        column=column - 1,
    )
