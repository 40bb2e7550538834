"""Finds the workspace's files that may be indexed, the nearest to the open ones first."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from stat import S_ISREG
from typing import Final

from attrs import frozen

from leanwide.files.area import WorkspaceFolders, real_path
from leanwide.files.exclusions import MAX_FILE_SIZE
from leanwide.index.snapshot import distance
from leanwide.index.symbols import indexed_language

_SURROGATES: Final = frozenset(map(chr, range(0xDC80, 0xDD00)))
"""How Python shows the bytes of a file name that are not UTF-8."""
_MAX_VISITED: Final = 100_000
"""Files that a crawl lists before it chooses."""
_MAX_FOLDERS: Final = 100_000
"""Folders that a crawl enters below one folder of the workspace."""
_MAX_IN_FOLDER: Final = 100_000
"""Entries read from one folder."""


@frozen
class CrawledFile:
    """A file in the state in which the crawl met it."""

    key: str
    mtime_ns: int
    size: int
    """In bytes."""


def crawl(area: WorkspaceFolders, rest: Callable[[], None]) -> tuple[CrawledFile, ...]:
    """Return the files to index, those nearest to the open ones first.

    ``rest`` is called after every entry of a folder.
    """
    walks = [_walk(str(folder.path), area, rest) for folder in area.folders]
    seen = tuple(islice(_round_robin(walks), _MAX_VISITED))
    near = area.near or ("",)
    distances: dict[str, int] = {}

    def rank(file: CrawledFile) -> tuple[int, str]:
        folder = file.key.rpartition("/")[0]
        if folder not in distances:
            distances[folder] = min(distance(file.key, other) for other in near)
        return distances[folder], file.key

    return tuple(sorted(seen, key=rank)[: area.most_files])


def examine(area: WorkspaceFolders, path: str) -> CrawledFile | None:
    """Return the state of one file; None where it does not belong in the index, such as a link."""
    key = area.key(path)
    if key is None or not area.holds(path) or indexed_language(key) is None:
        return None
    try:
        return _indexable(area, path, key, os.lstat(path)) if real_path(path) == path else None
    except (OSError, ValueError):
        return None


def _round_robin(walks: Iterable[Iterator[CrawledFile]]) -> Iterator[CrawledFile]:
    """Yield one file of each folder, then the next of each: a large folder does not hide others."""
    left = list(walks)
    while left:
        for walk in tuple(left):
            file = next(walk, None)
            if file is None:
                left.remove(walk)
            else:
                yield file


def _walk(top: str, area: WorkspaceFolders, rest: Callable[[], None]) -> Iterator[CrawledFile]:
    """Walk breadth first, so that a limit cuts deep folders off; links are not followed."""
    folders = [top]
    for folder in folders:  # grows: the list is the queue
        rest()
        for entry in _entries(folder):
            rest()
            if _is_folder(entry):
                if len(folders) < _MAX_FOLDERS and area.enters(entry.path, entry.name):
                    folders.append(entry.path)
            elif (file := _indexable_entry(area, entry)) is not None:
                yield file


def _entries(folder: str) -> Sequence[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(islice(entries, _MAX_IN_FOLDER), key=lambda entry: entry.name)
    except (OSError, ValueError):  # unreadable, or no valid path
        return ()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir(follow_symlinks=False)
    except OSError:
        return False


def _indexable_entry(area: WorkspaceFolders, entry: os.DirEntry[str]) -> CrawledFile | None:
    key = area.key(entry.path) if indexed_language(entry.name) is not None else None
    if key is None:
        return None
    try:
        return _indexable(area, entry.path, key, entry.stat(follow_symlinks=False))
    except OSError:
        return None


def _indexable(
    area: WorkspaceFolders, path: str, key: str, status: os.stat_result
) -> CrawledFile | None:
    fits = S_ISREG(status.st_mode) and 0 < status.st_size <= MAX_FILE_SIZE
    if not fits or not _SURROGATES.isdisjoint(key) or not area.allows_as_context(path):
        return None
    return CrawledFile(key, status.st_mtime_ns, status.st_size)
