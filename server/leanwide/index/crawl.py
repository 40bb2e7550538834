"""Finds the workspace's files that may be indexed, the nearest to the open ones first."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from stat import S_ISREG
from typing import Final

from attrs import frozen

from leanwide.files.area import WorkspaceFolders, real_path
from leanwide.files.exclusions import LARGEST
from leanwide.index.snapshot import distance
from leanwide.index.symbols import indexed_language

_SURROGATE: Final = frozenset(map(chr, range(0xDC80, 0xDD00)))
"""What stands for bytes of a file name that are not UTF-8."""
_MOST_VISITED: Final = 100_000
"""Files that a crawl lists before it chooses."""
_MOST_FOLDERS: Final = 100_000
"""Folders that a crawl goes into below one folder of the workspace."""
_MOST_IN_FOLDER: Final = 100_000
"""Entries of one folder that are read."""


@frozen
class CrawledFile:
    """A file in the state in which it was met."""

    key: str
    mtime_ns: int
    size: int
    """In bytes."""


def crawl(area: WorkspaceFolders, rest: Callable[[], None]) -> tuple[CrawledFile, ...]:
    """List the files to index, nearest first; ``rest`` is called after every entry of a folder."""
    walks = [_walk(str(folder.path), area, rest) for folder in area.folders]
    seen = tuple(islice(_in_turn(walks), _MOST_VISITED))
    near = area.near or ("",)
    distances: dict[str, int] = {}

    def rank(found: CrawledFile) -> tuple[int, str]:
        folder = found.key.rpartition("/")[0]
        if folder not in distances:
            distances[folder] = min(distance(found.key, other) for other in near)
        return distances[folder], found.key

    return tuple(sorted(seen, key=rank)[: area.most_files])


def examine(area: WorkspaceFolders, path: str) -> CrawledFile | None:
    """Look at one file; None where it does not belong into the index, as what a link leads to."""
    key = area.key(path)
    if key is None or not area.holds(path) or indexed_language(key) is None:
        return None
    try:
        return _found(area, path, key, os.lstat(path)) if real_path(path) == path else None
    except (OSError, ValueError):
        return None


def _in_turn(walks: Iterable[Iterator[CrawledFile]]) -> Iterator[CrawledFile]:
    """Take one file of each folder, then the next one of each: a large one does not hide others."""
    left = list(walks)
    while left:
        for walk in tuple(left):
            found = next(walk, None)
            if found is None:
                left.remove(walk)
            else:
                yield found


def _walk(top: str, area: WorkspaceFolders, rest: Callable[[], None]) -> Iterator[CrawledFile]:
    """Walk breadth first, so that a limit cuts what is deep; links are not followed."""
    folders = [top]
    for folder in folders:
        rest()
        for entry in _entries(folder):
            rest()
            try:
                if entry.is_dir(follow_symlinks=False):
                    if len(folders) < _MOST_FOLDERS and area.enters(entry.path, entry.name):
                        folders.append(entry.path)  # the list is the queue
                elif indexed_language(entry.name) is not None:
                    key = area.key(entry.path)
                    status = entry.stat(follow_symlinks=False)
                    if key and (found := _found(area, entry.path, key, status)):
                        yield found
            except OSError:
                continue


def _entries(folder: str) -> Sequence[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(islice(entries, _MOST_IN_FOLDER), key=lambda entry: entry.name)
    except (OSError, ValueError):  # it cannot be read, or its path cannot be one
        return ()


def _found(
    area: WorkspaceFolders, path: str, key: str, status: os.stat_result
) -> CrawledFile | None:
    fits = S_ISREG(status.st_mode) and 0 < status.st_size <= LARGEST
    if not fits or not _SURROGATE.isdisjoint(key) or not area.draws_in(path):
        return None
    return CrawledFile(key, status.st_mtime_ns, status.st_size)
