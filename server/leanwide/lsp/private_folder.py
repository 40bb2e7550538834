"""A folder for the user's eyes only, which ends with the process that made it, however that ends.

The process holds a lock on its folder, which the system takes from it when it dies; a folder that
nobody holds is removed by the next process that starts.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import weakref
from collections.abc import Iterator
from pathlib import Path


class PrivateFolder:
    """A new folder among those of other processes; it is removed when this one ends."""

    def __init__(self, parent: Path) -> None:
        """Make it.

        Raises:
            OSError: It cannot be made, or another process holds up everybody.
        """
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(parent):
            self.path = Path(tempfile.mkdtemp(dir=parent))
            lock = _lock(self.path)
        self._end = weakref.finalize(self, _remove, self.path, lock)

    def close(self) -> None:
        """Remove the folder and what is in it."""
        self._end()


def remove_left(parent: Path) -> None:
    """Remove the folders of processes that have died; what another process does just now, waits."""
    with contextlib.suppress(OSError), _locked(parent):
        for path in parent.iterdir():
            with contextlib.suppress(OSError):
                _remove(path, _lock(path))


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = _lock(folder)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(folder: Path) -> int:
    """Lock a folder until the descriptor is closed.

    Raises:
        OSError: It is locked, or is no folder.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor


def _remove(folder: Path, lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(lock)
