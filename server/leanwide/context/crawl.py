"""Finds the workspace's files that may be indexed, the nearest to the open ones first."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from stat import S_ISREG
from typing import Final

from attrs import field, frozen

from leanwide.context.snapshot import distance
from leanwide.context.symbols import indexed_language
from leanwide.files.exclusions import LARGEST, Exclusions

_PASSED: Final = frozenset(
    {
        ".bzr", ".cache", ".git", ".gradle", ".hg", ".hypothesis", ".idea", ".mypy_cache", ".next",
        ".nox", ".pytest_cache", ".ruff_cache", ".svn", ".terraform", ".tox", ".venv", ".vs",
        ".yarn", "__pycache__", "bower_components", "node_modules", "site-packages",
    }
)  # fmt: skip
"""Folders with other people's files, or with what programs left behind."""
_SURROGATE: Final = frozenset(map(chr, range(0xDC80, 0xDD00)))
"""What stands for bytes of a file name that are not UTF-8."""
_MOST_VISITED: Final = 100_000
"""Files that a crawl lists before it chooses."""


@frozen(kw_only=True)
class Area:
    """Where to look."""

    root: Path
    folders: tuple[Path, ...] = ()
    """Folders of the workspace beside the root."""
    exclusions: Exclusions
    near: tuple[str, ...] = ()
    """Paths, as :meth:`key` gives them, that files should be near to: the open ones."""
    most_files: int = 20_000
    """Files that are chosen."""
    _prefix: str = field(init=False, repr=False)

    @_prefix.default
    def _root_with_slash(self) -> str:
        return _with_slash(self.root)

    def key(self, path: str) -> str | None:
        """Give a path relative to the root, POSIX; None where there is no way from the root."""
        if path.startswith(self._prefix):
            return path[len(self._prefix) :].replace(os.sep, "/")
        try:
            return os.path.relpath(path, self.root).replace(os.sep, "/")
        except ValueError:
            return None

    def file(self, key: str) -> Path:
        """Give the file that a key stands for."""
        return Path(os.path.normpath(self.root / key))

    def holds(self, path: str) -> bool:
        """Whether a path lies in the workspace and no folder on the way is passed over."""
        for folder in (self.root, *self.folders):
            if path.startswith(_with_slash(folder)):
                return _PASSED.isdisjoint(Path(path).relative_to(folder).parts)
        return False


@frozen
class Found:
    """A file in the state in which it was met."""

    key: str
    mtime_ns: int
    size: int
    """In bytes."""


def crawl(area: Area, rest: Callable[[], None]) -> tuple[Found, ...]:
    """List the files to index, nearest first; ``rest`` is called after every folder."""
    seen: dict[str, Found] = {}
    for folder in (area.root, *area.folders):
        for found in _walk(str(folder), area, rest):
            seen.setdefault(found.key, found)
            if len(seen) >= _MOST_VISITED:
                break
    near = area.near or ("",)
    distances: dict[str, int] = {}

    def rank(found: Found) -> tuple[int, str]:
        folder = found.key.rpartition("/")[0]
        if folder not in distances:
            distances[folder] = min(distance(found.key, other) for other in near)
        return distances[folder], found.key

    return tuple(sorted(seen.values(), key=rank)[: area.most_files])


def examine(area: Area, path: str) -> Found | None:
    """Look at one file; None where it does not belong into the index."""
    key = area.key(path)
    if key is None or not area.holds(path) or indexed_language(key) is None:
        return None
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return _found(area, path, key, status)


def _with_slash(folder: Path) -> str:
    return str(folder).rstrip(os.sep) + os.sep


def _walk(top: str, area: Area, rest: Callable[[], None]) -> Iterator[Found]:
    """Walk breadth first, so that a limit cuts what is deep; links are not followed."""
    folders = [top]
    for folder in folders:
        rest()
        for entry in _entries(folder):
            try:
                if entry.is_dir(follow_symlinks=False):
                    if entry.name not in _PASSED and not area.exclusions.why_folder(entry.path):
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
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return ()


def _found(area: Area, path: str, key: str, status: os.stat_result) -> Found | None:
    fits = S_ISREG(status.st_mode) and 0 < status.st_size <= LARGEST
    if not fits or not _SURROGATE.isdisjoint(key) or area.exclusions.why(path) is not None:
        return None
    return Found(key, status.st_mtime_ns, status.st_size)
