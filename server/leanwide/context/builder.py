"""What the index's thread does: it brings entries up to date and shows them as snapshots."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final

from attrs import define, field, frozen

from leanwide.context.crawl import Area, Found, crawl, examine
from leanwide.context.persistence import cache_file, load, save
from leanwide.context.reading import entry_of_text, read_entry
from leanwide.context.snapshot import Snapshot, snapshot_of
from leanwide.context.symbols import FileEntry

_FIRST_SHOWN: Final = 64
"""Files after which a growing index is first shown; then each time that it has doubled."""
_SYMBOL_BYTES: Final = 420
"""Memory of a symbol and its place in a snapshot, its texts left out."""
_CALL_BYTES: Final = 8
"""Memory of a name that a symbol calls; the texts of names are there once."""


@frozen
class Change:
    """A file to look at again."""

    path: str
    lines: tuple[str, ...] | None = None
    """Its text in the editor; None to read the disk."""
    gone: bool = False


@define(eq=False)
class Builder:
    """The entries of one workspace. Only the index's thread may use it, but for its snapshot."""

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
    _unsaved: bool = field(default=False, init=False)
    _area: Area | None = field(default=None, init=False)

    def build(self, area: Area, rest: Callable[[], None]) -> None:
        """Bring all entries up to date; ``rest`` is called between files."""
        cached = {} if self._area is not None else load(self._cache(area), area.root)
        self._area = area
        found = crawl(area, rest)
        for key in self._outdated({one.key for one in found}):
            self._put(key, None)
        self._show(snapshot_of(self.entries.values()))
        self.full, shown = False, _FIRST_SHOWN
        for one in found:
            if not self._refresh(area, one, cached.get(one.key)):
                self.full = True
                break
            rest()
            if len(self.entries) >= 2 * shown:
                shown = len(self.entries)
                self._show(snapshot_of(self.entries.values()))
        self._show(snapshot_of(self.entries.values()))
        self.save()

    def apply(self, area: Area, changes: Iterable[Change]) -> None:
        """Look at changed files again, and show all of it at once."""
        touched = {key for change in changes for key in self._changed(area, change)}
        if touched:
            self._show(self.snapshot.replaced({key: self.entries.get(key) for key in touched}))

    def save(self) -> None:
        """Write what is not yet written."""
        if self._unsaved and (area := self._area) is not None:
            disk = [entry for entry in self.entries.values() if entry.size >= 0]
            save(self._cache(area), area.root, disk)
            self._unsaved = False

    def _changed(self, area: Area, change: Change) -> Iterator[str]:
        """Do one change; give the keys of what is different now."""
        key = area.key(change.path)
        found = None if change.gone else examine(area, change.path)
        if key is None:
            return
        if found is None:
            for inner in [one for one in self.entries if one == key or one.startswith(key + "/")]:
                self._put(inner, None)
                yield inner
        elif change.lines is not None:
            self._put(key, entry_of_text(key, change.lines))
            yield key
        elif not _is_state(self.entries.get(key), found):
            self.parsed += 1
            self._put(key, read_entry(area, found))
            yield key

    def _refresh(self, area: Area, found: Found, cached: FileEntry | None) -> bool:
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
        self._unsaved = self._unsaved or old is not entry
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

    def _cache(self, area: Area) -> Path:
        return cache_file(area.root, self.cache_folder)


def _is_state(entry: FileEntry | None, found: Found) -> bool:
    """Whether an entry was read from the file in this state."""
    return entry is not None and (entry.mtime_ns, entry.size) == (found.mtime_ns, found.size)


def _weight(entry: FileEntry | None) -> int:
    """Estimate the memory of an entry, in bytes."""
    if entry is None:
        return 0
    return _SYMBOL_BYTES + sum(
        _SYMBOL_BYTES + len(one.signature) + _CALL_BYTES * len(one.calls) for one in entry.symbols
    )
