"""The only way to read a workspace's file: regular files of bounded size, without blocking."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from stat import S_ISBLK, S_ISCHR, S_ISDIR, S_ISFIFO, S_ISLNK, S_ISREG, S_ISSOCK
from typing import Final

from attrs import frozen

ANYWHERE: Final = Path(os.sep)
"""The folder for links of the user's own files, which may lead anywhere."""
_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_MISSING: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
_KINDS: Final = (
    (S_ISDIR, "a folder"),
    (S_ISFIFO, "a named pipe"),
    (S_ISCHR, "a device"),
    (S_ISBLK, "a device"),
    (S_ISSOCK, "a socket"),
)


@frozen
class UnreadableFile:
    """A file that exists but was not read, or not completely."""

    path: Path
    reason: str
    """What is wrong with it: a predicate whose subject is the file."""


def read_file(file: Path, most: int, within: Path | None = None) -> bytes | UnreadableFile | None:
    """Return the bytes of a file; None where there is none. Raises nothing and does not block.

    Args:
        file: Its path; anything but a regular file is not even opened.
        most: Bytes that it may have.
        within: The folder that a link may lead to; None to follow no link.
    """
    try:
        return _read_or_refuse(file, most, within)
    except ValueError:  # NUL in its name
        return None
    except OSError as error:
        if error.errno in _MISSING:
            return None
        return UnreadableFile(file, f"cannot be read: {error.strerror}")


def _read_or_refuse(file: Path, most: int, within: Path | None) -> bytes | UnreadableFile | None:
    status = os.lstat(file)
    if not S_ISLNK(status.st_mode):
        return _irregular(file, status) or _read(file, most)
    if within is None:
        return UnreadableFile(file, "is a link")
    target = Path(os.path.realpath(file))
    if not target.is_relative_to(os.path.realpath(within)):
        return UnreadableFile(file, "is a link out of the folder")
    found = read_file(target, most)
    return UnreadableFile(file, found.reason) if isinstance(found, UnreadableFile) else found


def _read(file: Path, most: int) -> bytes | UnreadableFile:
    descriptor = os.open(file, _FLAGS)
    with open(descriptor, "rb", buffering=0) as stream:  # noqa: PTH123  # it is open already
        status = os.fstat(descriptor)
        if (irregular := _irregular(file, status)) is not None:  # it was replaced meanwhile
            return irregular
        parts, left = [], most + 1
        if status.st_size <= most:
            while left > 0 and (part := stream.read(left)):
                parts.append(part)
                left -= len(part)
        if left <= 0 or status.st_size > most:
            size = f"{most // 1_000_000} MB" if most >= 1_000_000 else f"{most // 1000} kB"
            return UnreadableFile(file, f"is larger than {size}")
        return b"".join(parts)


def _irregular(file: Path, status: os.stat_result) -> UnreadableFile | None:
    """Return why a file is not a regular one; None if it is."""
    if S_ISREG(status.st_mode):
        return None
    kind = next((name for is_kind, name in _KINDS if is_kind(status.st_mode)), "no regular file")
    return UnreadableFile(file, f"is {kind}")
