"""Files that others may have damaged or replaced: read within bounds, and never waited for."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from stat import S_ISREG


def read_plain(file: Path, most: int) -> bytes:
    """Read a plain file.

    Args:
        file: Where it is; what a link leads to is read.
        most: Bytes that it may have.

    Raises:
        OSError: It is not there, is too large, or is a pipe, a device or a folder.
    """
    # Opening a pipe would wait for somebody who writes into it.
    descriptor = os.open(file, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    try:
        status = os.fstat(descriptor)
        if not S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a plain file", str(file))
        # A file may grow after it was looked at.
        with open(descriptor, "rb", closefd=False) as stream:
            data = stream.read(most + 1) if status.st_size <= most else None
    finally:
        os.close(descriptor)
    if data is None or len(data) > most:
        raise OSError(errno.EFBIG, f"it has more than {most} bytes", str(file))
    return data


def drop_unusable(file: Path, most: int) -> None:
    """Remove what took the place of a file of our own: a pipe, a link, or far too many bytes."""
    with contextlib.suppress(OSError):
        status = file.lstat()
        if not S_ISREG(status.st_mode) or status.st_size > most:
            file.unlink()
