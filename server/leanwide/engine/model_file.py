"""Whether a model file was replaced or written since a process last loaded it."""

from __future__ import annotations

import asyncio
from pathlib import Path

_FileIdentity = tuple[int, int, int]
"""Modification time in nanoseconds, bytes, inode."""


class ModelFile:
    """A model file as it was at the last start of an engine process."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._tried: _FileIdentity | None = None

    async def note_start(self) -> None:
        """Remember the file as it is now: a process starts to load it."""
        self._tried = await asyncio.to_thread(_identity, self.path)

    async def changed(self, settle: float) -> bool:
        """Whether it changed since the last start, and then stays the same for some seconds."""
        found = await asyncio.to_thread(_identity, self.path)
        if found is None or found == self._tried:
            return False
        await asyncio.sleep(settle)
        return found == await asyncio.to_thread(_identity, self.path)


def _identity(path: Path) -> _FileIdentity | None:
    """Return what changes when a file is replaced or written; None if there is no file."""
    try:
        found = path.stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
