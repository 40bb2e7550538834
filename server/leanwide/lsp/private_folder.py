"""A folder that only the user can read, and that is removed when its process has ended.

The process holds a lock on its folder, which the system releases when it dies. The next process
that starts removes folders without a lock.
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
    """A new folder next to those of other processes; it is removed when this one ends."""

    def __init__(self, parent: Path) -> None:
        """Create the folder.

        Raises:
            OSError: It cannot be created, or another process has ``parent`` locked.
        """
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with _locked(parent):
            self.path = Path(tempfile.mkdtemp(dir=parent))
            lock = _lock(self.path)
        self._finalizer = weakref.finalize(self, _remove, self.path, lock)

    def close(self) -> None:
        """Remove the folder and what is in it."""
        self._finalizer()


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of dead processes, unless another process has ``parent`` locked."""
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
        OSError: It is locked already, or is no folder.
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
