"""What the index's thread does: it brings entries up to date and shows them as snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

import msgspec
from attrs import define, field, frozen

from leanwide.files.area import Folder, WorkspaceFolders, real_path
from leanwide.index.crawl import CrawledFile, crawl, examine
from leanwide.index.persistence import cache_file, load, save
from leanwide.index.reading import entry_of_text, read_entry
from leanwide.index.snapshot import Snapshot, snapshot_of
from leanwide.index.symbols import FileEntry

_FIRST_SHOWN: Final = 64
"""Files after which a growing index is first shown; then each time that it has doubled."""
_SYMBOL_BYTES: Final = 420
"""Memory of a symbol and its place in a snapshot, its texts left out."""
_CALL_BYTES: Final = 8
"""Memory of a name that a symbol calls; the texts of names are there once."""


@frozen
class FileChange:
    """A file to look at again."""

    path: str
    lines: tuple[str, ...] | None = None
    """Its text in the editor; None to read the disk."""
    gone: bool = False


@define(eq=False)
class Builder:
    """The entries of all folders. Only the index's thread may use it, but for its snapshot."""

    show: Callable[[Snapshot], None]
    """Called with every new snapshot."""
    most_bytes: int
    """Memory that the entries may take, estimated."""
    cache_folder: Path | None
    entries: dict[str, FileEntry] = field(factory=dict, init=False)
    snapshot: Snapshot = field(factory=Snapshot, init=False)
    bytes: int = field(default=0, init=False)
    """Memory that the entries take, estimated."""
    parsed: int = field(default=0, init=False)
    """Files parsed so far."""
    full: bool = field(default=False, init=False)
    """Whether files were left out because the memory was spent."""
    _unsaved: set[Path] = field(factory=set, init=False)
    """Folders with entries that are not yet written."""
    _cached: dict[str, FileEntry] = field(factory=dict, init=False)
    """What was kept of folders that are not yet built."""
    _area: WorkspaceFolders = field(factory=WorkspaceFolders, init=False)

    def build(self, area: WorkspaceFolders, rest: Callable[[], None]) -> None:
        """Bring all entries up to date; ``rest`` is called between files."""
        self.save()
        self._load(area)
        self._area = area
        found = crawl(area, rest)
        for key in self._outdated({one.key for one in found}):
            self._put(key, None)
        self._show(snapshot_of(self.entries.values()))
        self.full, shown = False, _FIRST_SHOWN
        for one in found:
            if not self._refresh(area, one, self._cached.get(one.key)):
                self.full = True
                break
            rest()
            if len(self.entries) >= 2 * shown:
                shown = len(self.entries)
                self._show(snapshot_of(self.entries.values()))
        self._show(snapshot_of(self.entries.values()))
        self._cached.clear()
        self.save()

    def apply(self, area: WorkspaceFolders, changes: Iterable[FileChange]) -> None:
        """Look at changed files again, and show all of it at once."""
        touched = {key for change in changes for key in self._changed(area, change)}
        if touched:
            self._show(self.snapshot.replaced({key: self.entries.get(key) for key in touched}))

    def save(self) -> None:
        """Write what is not yet written, of each folder by itself."""
        for folder in self._area.folders:
            if folder.path in self._unsaved:
                save(self._cache(folder), folder.path, self._own_entries(folder))
        self._unsaved.clear()

    def _own_entries(self, folder: Folder) -> Iterator[FileEntry]:
        """Entries of a folder that are the disk's, by their paths in it."""
        for key, entry in (self._cached | self.entries).items():
            if entry.size >= 0 and self._area.folder_of(key) is folder:
                yield msgspec.structs.replace(entry, path=key[len(folder.prefix) :])

    def _load(self, area: WorkspaceFolders) -> None:
        """Read what was kept of folders that were not there before."""
        known = {(folder.path, folder.prefix) for folder in self._area.folders}
        for folder in area.folders:
            if (folder.path, folder.prefix) not in known:
                for inner, entry in load(self._cache(folder), folder.path).items():
                    key = folder.prefix + inner
                    self._cached[key] = msgspec.structs.replace(entry, path=key)

    def _changed(self, area: WorkspaceFolders, change: FileChange) -> Iterator[str]:
        """Do one change; give the keys of what is different now.

        A path through a link concerns the file that it leads to, and its own name if that was the
        file's.
        """
        path = area.inner(change.path)
        for one in dict.fromkeys((path, _leads_to(path))):
            if (key := area.key(one)) is not None:
                gone = change.gone and one == path
                found = None if gone else examine(area, one)
                yield from self._followed(area, key, found, change.lines)

    def _followed(
        self,
        area: WorkspaceFolders,
        key: str,
        found: CrawledFile | None,
        lines: tuple[str, ...] | None,
    ) -> Iterator[str]:
        if found is None:
            for inner in [one for one in self.entries if one == key or one.startswith(key + "/")]:
                self._put(inner, None)
                yield inner
        elif lines is not None:
            self._put(key, entry_of_text(key, lines))
            yield key
        elif not _is_state(self.entries.get(key), found):
            self.parsed += 1
            self._put(key, read_entry(area, found))
            yield key

    def _refresh(
        self, area: WorkspaceFolders, found: CrawledFile, cached: FileEntry | None
    ) -> bool:
        """Bring one entry up to date; give whether there was room."""
        if _is_state(self.entries.get(found.key), found):
            return True
        if _is_state(cached, found):
            return self._put(found.key, cached)
        self.parsed += 1
        return self._put(found.key, read_entry(area, found))

    def _outdated(self, listed: set[str]) -> list[str]:
        return [key for key in self.entries if key not in listed]

    def _put(self, key: str, entry: FileEntry | None) -> bool:
        """Replace an entry; give whether there was room for it."""
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

    def _show(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.show(snapshot)

    def _cache(self, folder: Folder) -> Path:
        return cache_file(folder.path, self.cache_folder)


def _leads_to(path: str) -> str:
    try:
        return real_path(path)
    except (OSError, ValueError):
        return path


def _is_state(entry: FileEntry | None, found: CrawledFile) -> bool:
    """Whether an entry was read from the file in this state."""
    return entry is not None and (entry.mtime_ns, entry.size) == (found.mtime_ns, found.size)


def _weight(entry: FileEntry | None) -> int:
    """Estimate the memory of an entry, in bytes."""
    if entry is None:
        return 0
    return _SYMBOL_BYTES + sum(
        _SYMBOL_BYTES + len(one.signature) + _CALL_BYTES * len(one.calls) for one in entry.symbols
    )
