"""Reads our own and the user's files, which other programs may have damaged or replaced."""

from __future__ import annotations

import contextlib
import errno
import os
from pathlib import Path
from stat import S_ISREG

from leanwide.files.reader import ANYWHERE, UnreadableFile, read_file


def read_plain(file: Path, most: int) -> bytes:
    """Return the bytes of a regular file.

    Args:
        file: Its path; a link is followed.
        most: Bytes that it may have.

    Raises:
        OSError: It does not exist, is too large, or is a pipe, a device or a folder.
    """
    found = read_file(file, most, ANYWHERE)
    if found is None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(file))
    if isinstance(found, UnreadableFile):
        raise OSError(errno.EINVAL, f"it {found.reason}", str(file))
    return found


def delete_unusable(file: Path, most: int) -> None:
    """Delete what replaced a file of our own: a pipe, a link, or more than ``most`` bytes."""
    with contextlib.suppress(OSError):
        status = file.lstat()
        if not S_ISREG(status.st_mode) or status.st_size > most:
            file.unlink()
