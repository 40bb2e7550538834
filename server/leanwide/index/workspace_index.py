"""The workspace index: what is defined in which file. Any thread may read it.

A background thread alone changes it, file by file, and swaps in immutable snapshots.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from leanwide.context.snippet import Snippet
from leanwide.files.area import WorkspaceFolders
from leanwide.index.builder import Builder, FileChange
from leanwide.index.excerpts import call_sites, head, outline
from leanwide.index.reading import read_lines
from leanwide.index.slice_worker import SliceWorker
from leanwide.index.snapshot import Snapshot
from leanwide.index.symbols import Located

_MOST_BYTES: Final = 50_000_000
"""Memory that the index may take, estimated."""
_MOST_EXCERPTS: Final = 12
"""Definitions whose text is read from the disk for one prompt."""
_REMEMBERED: Final = 256
"""Excerpts that are kept."""
_SAVE_AFTER_S: Final = 30.0
"""Seconds without changes after which the index is written."""
_CLOSE_S: Final = 2.0
"""Seconds that the end of the thread is waited for."""


@frozen(kw_only=True)
class IndexStats:
    """What the index holds."""

    files: int
    definitions: int
    parsed: int
    """Files that were parsed since the start; the others came from the cache."""
    bytes: int
    """Memory, estimated."""
    full: bool
    """Whether files were left out because the memory was spent."""
    building: bool


class WorkspaceIndex:
    """Definitions of a workspace, found in the background.

    Args:
        cache_folder: Where it is kept over restarts; None is the user's cache folder.
        rest: Seconds of rest for each second of work.
        most_bytes: Memory that it may take, estimated.
    """

    def __init__(
        self, cache_folder: Path | None = None, *, rest: float = 1.0, most_bytes: int = _MOST_BYTES
    ) -> None:
        self._area = WorkspaceFolders()
        self._snapshot = Snapshot()
        self._excerpts: dict[tuple[Located, int, int], Snippet] = {}
        self._builder = Builder(self._swap, most_bytes, cache_folder)
        self._worker = SliceWorker(
            "leanwide-index", self._apply, self._builder.save, idle_s=_SAVE_AFTER_S, rest=rest
        )

    def build(self, area: WorkspaceFolders) -> None:
        """Build the index of a workspace, or bring it up to date with new exclusions."""
        self._area = area
        self._worker.start(lambda: self._builder.build(area, self._worker.rest))

    def update(self, path: str, lines: Sequence[str] | None = None) -> None:
        """Look at a file again that was opened, saved, created, changed or deleted.

        Args:
            path: Its path in the file system.
            lines: Its text in the editor, where that is newer than the disk's.
        """
        self._worker.post(FileChange(path, None if lines is None else tuple(lines)))

    def remove(self, path: str) -> None:
        """Take out a file, or a folder with all that is in it."""
        self._worker.post(FileChange(path, gone=True))

    def pause(self, seconds: float = 1.0) -> None:
        """Leave the processor alone for some time: somebody types."""
        self._worker.pause(seconds)

    def resume(self) -> None:
        """End a pause early."""
        self._worker.resume()

    def wait(self, seconds: float) -> bool:
        """Wait until everything asked for is done; give whether that was so in time."""
        return self._worker.wait(seconds)

    def close(self) -> None:
        """Keep what was found for the next start, and end the thread."""
        self._worker.close(_CLOSE_S)

    def key(self, path: str) -> str | None:
        """Give the key of a file; None outside the workspace."""
        area = self._area
        return area.key(path) if area.holds(path) else None

    def holds(self, key: str) -> bool:
        """Whether a file is known, and may be shown by now."""
        area, entry = self._area, self._snapshot.files.get(key)
        if entry is None or entry.left_out or (file := area.file(key)) is None:
            return False
        return area.draws_in(str(file))

    def lookup(self, names: Sequence[str], near: str) -> tuple[Located, ...]:
        """Give definitions of names for the file with the key ``near``, nearest names first."""
        return self._snapshot.lookup(names, near)

    def definitions(self, names: Sequence[str], near: str) -> tuple[Snippet, ...]:
        """Give definitions of names, folded. Reads files that it was not asked for before."""
        snapshot = self._snapshot
        found = snapshot.lookup(names, near)[:_MOST_EXCERPTS]
        return tuple(self._excerpt(one, snapshot) for one in found)

    def callers(self, name: str, near: str) -> tuple[Snippet, ...]:
        """Give the functions that call what a file defines as ``name``, folded to where they do."""
        found = []
        for one in self._snapshot.callers(name, near):
            text = call_sites(one.symbol, name, self._lines(one.path))
            if text:
                found.append(Snippet(one.path, text, one.symbol.start))
        return tuple(found)

    def counterparts(self, near: str) -> tuple[Snippet, ...]:
        """Give outlines of the tests of an implementation, and the other way round."""
        snapshot = self._snapshot
        files = (snapshot.files[path] for path in snapshot.counterparts(near))
        return tuple(Snippet(entry.path, outline(entry)) for entry in files if entry.symbols)

    @property
    def stats(self) -> IndexStats:
        """What the index holds now."""
        entries = self._snapshot.files.values()
        return IndexStats(
            files=sum(not entry.left_out for entry in entries),
            definitions=sum(len(entry.symbols) for entry in entries),
            parsed=self._builder.parsed,
            bytes=self._builder.bytes,
            full=self._builder.full,
            building=not self._worker.wait(0),
        )

    def _excerpt(self, one: Located, snapshot: Snapshot) -> Snippet:
        entry = snapshot.files[one.path]
        key = (one, entry.mtime_ns, entry.size)
        known = self._excerpts.get(key)
        if known is None:
            text = head(one.symbol, entry, self._lines(one.path))
            known = Snippet(one.path, text, one.symbol.start)
            if len(self._excerpts) >= _REMEMBERED:
                self._excerpts.clear()
            self._excerpts[key] = known
        return known

    def _lines(self, key: str) -> Sequence[str]:
        """The lines of a file as it reads now."""
        file = self._area.file(key)
        return (file is not None and read_lines(file)) or ()

    def _swap(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot

    def _apply(self, changes: Sequence[FileChange]) -> None:
        """Runs in the thread, for all changes that wait."""
        self._builder.apply(self._area, changes)
