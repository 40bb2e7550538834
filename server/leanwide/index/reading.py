"""Reads files into index entries."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Final

from attrs import evolve

from leanwide.context.view import split_lines
from leanwide.files.area import WorkspaceFolders, real_path
from leanwide.files.exclusions import MAX_FILE_SIZE
from leanwide.files.plain import read_plain
from leanwide.index.crawl import CrawledFile
from leanwide.index.symbols import FileEntry, family, indexed_language, read_symbols

_CLOCK_NS: Final = 20_000_000
"""Nanoseconds within which a file system may give two changes the same time."""


def read_lines(file: Path) -> list[str] | None:
    """Return the lines of a file; None where it is gone, unreadable, too large or binary.

    A link in its place is not followed: its target was not checked for exclusions.
    """
    try:
        data = read_plain(file, MAX_FILE_SIZE) if real_path(str(file)) == str(file) else b"\0"
    except OSError:
        return None
    if b"\0" in data:
        return None
    return split_lines(data.decode("utf-8-sig", "replace"))


def read_entry(area: WorkspaceFolders, found: CrawledFile) -> FileEntry | None:
    """Return the index entry of a file; None where the file is gone.

    A file written a moment ago may be written again with the same time and size, so its entry gets
    no time: it never counts as current.
    """
    file, language = area.file(found.key), indexed_language(found.key)
    if file is None or language is None:
        return None
    if time.time_ns() - found.mtime_ns < _CLOCK_NS:
        found = evolve(found, mtime_ns=0)
    if (lines := read_lines(file)) is None and not file.is_file():
        return None
    symbols = None if lines is None else read_symbols(language, lines)
    return FileEntry(
        path=found.key,
        family=family(language.name),
        mtime_ns=found.mtime_ns,
        size=found.size,
        left_out=symbols is None,
        symbols=symbols or (),
    )
