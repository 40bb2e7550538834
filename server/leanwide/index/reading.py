"""Reads files into what the index keeps of them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import evolve

from leanwide.context.view import split_lines
from leanwide.files.area import WorkspaceFolders, real_path
from leanwide.files.exclusions import LARGEST
from leanwide.files.plain import read_plain
from leanwide.index.crawl import CrawledFile
from leanwide.index.symbols import FileEntry, family, indexed_language, read_symbols

_FROM_EDITOR: Final = -1
"""Size of a file whose text did not come from the disk: no file matches it later."""
_CLOCK_NS: Final = 20_000_000
"""Nanoseconds within which a file system may give two changes the same time."""


def read_lines(file: Path) -> list[str] | None:
    """Read the lines of a file; None where it is gone, unreadable, too large or binary.

    A link in its place is not followed: the file that it leads to was not judged.
    """
    try:
        data = read_plain(file, LARGEST) if real_path(str(file)) == str(file) else b"\0"
    except OSError:
        return None
    if b"\0" in data:
        return None
    return split_lines(data.decode("utf-8-sig", "replace"))


def read_entry(area: WorkspaceFolders, found: CrawledFile) -> FileEntry | None:
    """Read what the index keeps of a file; None where it is gone by now or unreadable.

    A file that was written a moment ago may be written again without another time or size, so its
    entry is not taken for its state later.
    """
    if (file := area.file(found.key)) is None:
        return None
    if time.time_ns() - found.mtime_ns < _CLOCK_NS:
        found = evolve(found, mtime_ns=0)
    if (lines := read_lines(file)) is None:
        return _entry(found, None) if file.is_file() else None
    return _entry(found, lines)


def entry_of_text(key: str, lines: Sequence[str]) -> FileEntry | None:
    """Make an entry of a text in the editor."""
    return _entry(CrawledFile(key, 0, _FROM_EDITOR), lines)


def _entry(found: CrawledFile, lines: Sequence[str] | None) -> FileEntry | None:
    if (language := indexed_language(found.key)) is None:
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
