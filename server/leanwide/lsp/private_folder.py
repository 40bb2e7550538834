"""A folder that only the user can read, and that is removed when its process has ended.

The process holds a lock on its folder, which the system releases when it dies. The next process
that starts removes folders without a lock.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
import weakref
from pathlib import Path

from leanwide.files.folder_lock import lock, locked


class PrivateFolder:
    """A new folder next to those of other processes; it is removed when this one ends."""

    def __init__(self, parent: Path) -> None:
        """Create the folder.

        Raises:
            OSError: It cannot be created, or another process has ``parent`` locked.
        """
        parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with locked(parent):
            self.path = Path(tempfile.mkdtemp(dir=parent))
            descriptor = lock(self.path)
        self._finalizer = weakref.finalize(self, _remove, self.path, descriptor)

    def close(self) -> None:
        """Remove the folder and what is in it."""
        self._finalizer()


def remove_abandoned(parent: Path) -> None:
    """Remove the folders of dead processes, unless another process has ``parent`` locked."""
    with contextlib.suppress(OSError), locked(parent):
        for path in parent.iterdir():
            with contextlib.suppress(OSError):
                _remove(path, lock(path))


def _remove(folder: Path, descriptor: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    os.close(descriptor)
