"""The index's thread: brings entries up to date and publishes them as snapshots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Final

import msgspec
from attrs import define, field, frozen

from leanwide.files.area import Folder, WorkspaceFolders, real_path
from leanwide.index.crawl import CrawledFile, crawl, examine
from leanwide.index.persistence import cache_file, load, save
from leanwide.index.reading import read_entry
from leanwide.index.snapshot import IndexSnapshot, snapshot_of
from leanwide.index.symbols import FileEntry

_FIRST_PUBLISHED: Final = 64
"""Files after which a growing index is first published; then each time that it has doubled."""
_CHANGES_PUBLISHED: Final = 128
"""Changed files after which they are published: each time, the tables of all names are copied."""
_SYMBOL_BYTES: Final = 420
"""Memory of a symbol and its references in a snapshot, without its texts."""
_CALL_BYTES: Final = 8
"""Memory of a name that a symbol calls; the texts of names are interned."""


@frozen
class FileChange:
    """A file that may have changed on disk."""

    path: str
    gone: bool = False
    """It, or the folder of this path, was deleted."""


@define(eq=False)
class Builder:
    """The entries of all folders. Other threads may only read its snapshot."""

    most_bytes: int
    """Limit for the estimated memory of the entries."""
    cache_folder: Path | None
    entries: dict[str, FileEntry] = field(factory=dict, init=False)
    snapshot: IndexSnapshot = field(factory=IndexSnapshot, init=False)
    """Replaced while a build runs, so that definitions are found before it ends."""
    bytes: int = field(default=0, init=False)
    """Estimated memory of the entries."""
    parsed: int = field(default=0, init=False)
    """Files parsed so far."""
    full: bool = field(default=False, init=False)
    """Whether files were left out because the memory limit was reached."""
    built: WorkspaceFolders | None = field(default=None, init=False)
    """The workspace of the last build that ended: its ignore files were read."""
    _unsaved: set[Path] = field(factory=set, init=False)
    """Folders with entries that are not yet written to disk."""
    _cached: dict[str, FileEntry] = field(factory=dict, init=False)
    """Entries read from disk, of folders whose build has not finished."""
    _area: WorkspaceFolders = field(factory=WorkspaceFolders, init=False)

    def build(self, area: WorkspaceFolders, rest: Callable[[], None]) -> None:
        """Bring all entries up to date; ``rest`` is called between files."""
        self.save()
        self._load(area)
        self._area = area
        files = crawl(area, rest)
        for key in self.entries.keys() - {file.key for file in files}:
            self._put(key, None)
        self._publish()
        self.full, shown = False, _FIRST_PUBLISHED
        for file in files:
            if not self._refresh(area, file, self._cached.get(file.key)):
                self.full = True
                break
            rest()
            if len(self.entries) >= 2 * shown:
                shown = len(self.entries)
                self._publish()
        self._publish()
        self.built = area
        self._cached.clear()
        self.save()

    def apply(
        self, area: WorkspaceFolders, changes: Sequence[FileChange], rest: Callable[[], None]
    ) -> None:
        """Read changed files again, and publish many of them at a time.

        ``rest`` is called between files; what it raises ends the work.
        """
        paths = {key for change in changes if (key := area.key(change.path)) is not None}
        below = self._files_below(paths - self.entries.keys(), rest)
        touched: set[str] = set()
        try:
            for change in changes:
                touched.update(self._changed(area, change, below))
                if len(touched) >= _CHANGES_PUBLISHED:
                    self._publish_changes(touched)
                rest()
        finally:
            self._publish_changes(touched)

    def save(self) -> None:
        """Write unsaved entries to disk: a file for each folder, with paths relative to it."""
        for folder in self._area.folders:
            if folder.path in self._unsaved:
                own = (
                    msgspec.structs.replace(entry, path=key[len(folder.prefix) :])
                    for key, entry in (self._cached | self.entries).items()
                    if self._area.folder_of(key) is folder
                )
                save(self._cache(folder), folder.path, own)
        self._unsaved.clear()

    def _load(self, area: WorkspaceFolders) -> None:
        """Read the entries on disk of folders that are new in ``area``."""
        known = {(folder.path, folder.prefix) for folder in self._area.folders}
        for folder in area.folders:
            if (folder.path, folder.prefix) not in known:
                for inner, entry in load(self._cache(folder), folder.path).items():
                    key = folder.prefix + inner
                    self._cached[key] = msgspec.structs.replace(entry, path=key)

    def _files_below(
        self, folders: set[str], rest: Callable[[], None]
    ) -> Mapping[str, Sequence[str]]:
        """Return the keys of the entries in each of several folders."""
        below: defaultdict[str, list[str]] = defaultdict(list)
        around = cache(lambda path: folders.intersection(_folders_around(path)))
        for key in self.entries if folders else ():
            for folder in around(key.rpartition("/")[0]):
                below[folder].append(key)
            rest()
        return below

    def _changed(
        self, area: WorkspaceFolders, change: FileChange, below: Mapping[str, Sequence[str]]
    ) -> Iterator[str]:
        """Apply one change and yield the keys of changed entries; ``below`` are those in folders.

        A path through a link changes the file that the link leads to, and also the entry of the
        path itself.
        """
        own_path = area.resolve_folder(change.path)
        for path in dict.fromkeys((own_path, _real_path_or_same(own_path))):
            if (key := area.key(path)) is None:
                continue
            gone = change.gone and path == own_path
            file = None if gone else examine(area, path)
            if file is None:
                yield from self._removed((key, *below.get(key, ())))
            elif not _is_current(self.entries.get(file.key), file):
                self.parsed += 1
                self._put(file.key, read_entry(area, file))
                yield file.key

    def _removed(self, keys: Sequence[str]) -> Iterator[str]:
        """Remove entries, and yield the keys of those that there were."""
        for key in keys:
            if key in self.entries:
                self._put(key, None)
                yield key

    def _refresh(self, area: WorkspaceFolders, file: CrawledFile, cached: FileEntry | None) -> bool:
        """Bring one entry up to date; return whether there was memory for it."""
        if _is_current(self.entries.get(file.key), file):
            return True
        if _is_current(cached, file):
            return self._put(file.key, cached)
        self.parsed += 1
        return self._put(file.key, read_entry(area, file))

    def _put(self, key: str, entry: FileEntry | None) -> bool:
        """Replace or remove an entry; return whether there was memory for it."""
        old = self.entries.pop(key, None)
        self.bytes -= _weight(old)
        if old is not entry and (folder := self._area.folder_of(key)) is not None:
            self._unsaved.add(folder.path)
        if entry is None:
            return True
        if self.bytes + _weight(entry) > self.most_bytes:
            return False
        self.entries[key] = entry
        self.bytes += _weight(entry)
        return True

    def _publish_changes(self, touched: set[str]) -> None:
        """Publish changed entries, and forget that they changed."""
        if touched:
            changed = {key: self.entries.get(key) for key in touched}
            self.snapshot = self.snapshot.replaced(changed)
            touched.clear()

    def _publish(self) -> None:
        self.snapshot = snapshot_of(self.entries.values())

    def _cache(self, folder: Folder) -> Path:
        return cache_file(folder.path, self.cache_folder)


def _folders_around(path: str) -> Iterator[str]:
    """Yield the key of a folder and those of the folders around it."""
    while path:
        yield path
        path = path.rpartition("/")[0]


def _real_path_or_same(path: str) -> str:
    try:
        return real_path(path)
    except (OSError, ValueError):
        return path


def _is_current(entry: FileEntry | None, file: CrawledFile) -> bool:
    """Whether an entry was read from the file in this state."""
    return entry is not None and (entry.mtime_ns, entry.size) == (file.mtime_ns, file.size)


def _weight(entry: FileEntry | None) -> int:
    """Return the estimated memory of an entry in bytes."""
    if entry is None:
        return 0
    return _SYMBOL_BYTES + sum(
        _SYMBOL_BYTES + len(symbol.signature) + _CALL_BYTES * len(symbol.calls)
        for symbol in entry.symbols
    )
