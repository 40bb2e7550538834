"""The workspace index: which file defines what. Any thread may read it.

A background thread builds it file by file and swaps in immutable snapshots.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from attrs import frozen

from leanwide.context.snippet import Snippet
from leanwide.files.area import WorkspaceFolders
from leanwide.index.builder import Builder, FileChange
from leanwide.index.excerpts import call_sites, definition_excerpt, outline
from leanwide.index.reading import read_lines
from leanwide.index.slice_worker import SliceWorker
from leanwide.index.snapshot import IndexSnapshot
from leanwide.index.symbols import FileEntry, Located

_MAX_BYTES: Final = 50_000_000
"""Limit for the estimated memory of the index."""
_MAX_EXCERPTS: Final = 12
"""Definitions whose text is read from the disk for one prompt."""
_MAX_CACHED_EXCERPTS: Final = 256
_SAVE_AFTER_S: Final = 30.0
"""Seconds without changes after which the index is written to disk."""
_CLOSE_S: Final = 2.0
"""Seconds to wait for the thread to end."""


@frozen(kw_only=True)
class IndexStats:
    """The size and state of the index."""

    files: int
    definitions: int
    parsed: int
    """Files parsed since the start; the others came from the cache on disk."""
    bytes: int
    """Estimated memory."""
    full: bool
    """Whether files were left out because the memory limit was reached."""
    building: bool
    """Whether the thread has work to do."""


class WorkspaceIndex:
    """The definitions of a workspace, indexed in the background.

    Args:
        cache_folder: Folder of the index on disk; None for the user's cache folder.
        rest: Seconds of rest for each second of work.
        most_bytes: Limit for its estimated memory.
    """

    def __init__(
        self, cache_folder: Path | None = None, *, rest: float = 1.0, most_bytes: int = _MAX_BYTES
    ) -> None:
        self._area = WorkspaceFolders()
        self._excerpts: dict[Located, tuple[FileEntry, Snippet]] = {}
        """With the entry of the file when it was read: time and size need not tell two apart."""
        self._builder = Builder(most_bytes, cache_folder)
        self._worker = SliceWorker(
            "leanwide-index", self._apply, self._builder.save, idle_s=_SAVE_AFTER_S, rest=rest
        )

    def build(self, area: WorkspaceFolders) -> None:
        """Build the index of a workspace, or bring it up to date with new exclusions."""
        self._area = area
        self._worker.start(lambda: self._builder.build(area, self._worker.rest))

    def update(self, path: str) -> None:
        """Read a file again, which was opened, saved, created, changed or deleted on disk."""
        self._worker.post(FileChange(path))

    def remove(self, path: str) -> None:
        """Remove a file, or a folder with everything in it."""
        self._worker.post(FileChange(path, gone=True))

    def pause(self, seconds: float) -> None:
        """Stop working for ``seconds``, while the user types; 0 ends an earlier pause."""
        self._worker.pause(seconds)

    def wait(self, seconds: float) -> bool:
        """Wait at most ``seconds`` until the index is up to date; return whether it is."""
        return self._worker.wait(seconds)

    def close(self) -> None:
        """Save the index for the next start, and end the thread."""
        self._worker.close(_CLOSE_S)

    def key(self, path: str) -> str | None:
        """Return the key of a file; None outside the workspace."""
        area = self._area
        return area.key(path) if area.holds(path) else None

    def holds(self, key: str) -> bool:
        """Whether a file is indexed, and still allowed in prompts."""
        area, entry = self._area, self._builder.snapshot.files.get(key)
        if entry is None or entry.left_out or (file := area.file(key)) is None:
            return False
        return area.allows_as_context(str(file))

    def file_named(self, name: str) -> Path | None:
        """Return the indexed file that a text names, with its folders or without.

        None where no file fits, where several do, or while the workspace is indexed for the first
        time: this reads nothing from the disk, and may be asked on the event loop.
        """
        area = self._area
        if self._builder.built is not area:
            return None
        key = area.key(name) if name.startswith("/") else name.removeprefix("./")
        found = self._builder.snapshot.named(key or "")
        return area.file(found) if found is not None and self.holds(found) else None

    def definitions(self, names: Sequence[str], near: str) -> tuple[Snippet, ...]:
        """Return definitions of ``names`` for the file with the key ``near``, folded.

        Reads the files of those that are not cached.
        """
        snapshot = self._builder.snapshot
        found = snapshot.lookup(names, near)[:_MAX_EXCERPTS]
        return tuple(self._excerpt(located, snapshot) for located in found)

    def callers(self, name: str, near: str) -> tuple[Snippet, ...]:
        """Return the functions that call what ``near`` defines as ``name``, folded to the calls.

        Reads their files.
        """
        found = []
        for caller in self._builder.snapshot.callers(name, near):
            text = call_sites(caller.symbol, name, self._lines(caller.path))
            if text:
                found.append(Snippet(caller.path, text, caller.symbol.start))
        return tuple(found)

    def files_calling(
        self, names: Sequence[str], near: str
    ) -> tuple[tuple[Path, Sequence[str]], ...]:
        """Return the files with functions that call one of ``names``, with their lines.

        Not ``near`` itself. Reads the files.
        """
        snapshot = self._builder.snapshot
        keys = dict.fromkeys(
            caller.path for name in names for caller in snapshot.callers(name, near)
        )
        files = ((self._area.file(key), key) for key in keys if key != near and self.holds(key))
        return tuple((file, self._lines(key)) for file, key in files if file is not None)

    def counterparts(self, near: str) -> tuple[Snippet, ...]:
        """Return outlines of the tests of an implementation, or the reverse."""
        snapshot = self._builder.snapshot
        files = (snapshot.files[path] for path in snapshot.counterparts(near))
        return tuple(Snippet(entry.path, outline(entry)) for entry in files if entry.symbols)

    @property
    def stats(self) -> IndexStats:
        """The current size and state."""
        entries = self._builder.snapshot.files.values()
        return IndexStats(
            files=sum(not entry.left_out for entry in entries),
            definitions=sum(len(entry.symbols) for entry in entries),
            parsed=self._builder.parsed,
            bytes=self._builder.bytes,
            full=self._builder.full,
            building=not self._worker.wait(0),
        )

    def _excerpt(self, located: Located, snapshot: IndexSnapshot) -> Snippet:
        entry = snapshot.files[located.path]
        known, snippet = self._excerpts.get(located, (None, None))
        if snippet is None or known is not entry:
            text = definition_excerpt(located.symbol, entry, self._lines(located.path))
            snippet = Snippet(located.path, text, located.symbol.start)
            if len(self._excerpts) >= _MAX_CACHED_EXCERPTS:
                self._excerpts.clear()
            self._excerpts[located] = entry, snippet
        return snippet

    def _lines(self, key: str) -> Sequence[str]:
        """Return the lines of a file as it is now; none if it cannot be read."""
        file = self._area.file(key)
        return (file is not None and read_lines(file)) or ()

    def _apply(self, changes: Sequence[FileChange], rest: Callable[[], None]) -> None:
        """Apply the waiting changes, in the worker's thread."""
        self._builder.apply(self._area, changes, rest)
