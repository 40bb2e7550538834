"""The one way to read a file that a workspace may bring: regular, bounded, never waited for."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from stat import S_ISBLK, S_ISCHR, S_ISDIR, S_ISFIFO, S_ISLNK, S_ISREG, S_ISSOCK
from typing import Final

from attrs import frozen

ANYWHERE: Final = Path(os.sep)
"""For files that belong to the user: they may be links to any place."""
_FLAGS: Final = (
    os.O_RDONLY
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_BINARY", 0)
)
_NOT_THERE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ENAMETOOLONG)
_KINDS: Final = (
    (S_ISDIR, "a folder"),
    (S_ISFIFO, "a named pipe"),
    (S_ISCHR, "a device"),
    (S_ISBLK, "a device"),
    (S_ISSOCK, "a socket"),
)


@frozen
class UnreadableFile:
    """A file that is there, and was not read."""

    path: Path
    why: str
    """What is wrong with it, to follow "it"."""


def read_file(file: Path, most: int, within: Path | None = None) -> bytes | UnreadableFile | None:
    """Read a file whole; None where there is none. Raises nothing, and waits for no other program.

    Args:
        file: What to read; where it is no regular file, it is not even opened.
        most: Bytes that it may have.
        within: The folder to which a link may lead; None follows no link.
    """
    try:
        return _read_or_refuse(file, most, within)
    except ValueError:  # NUL in its name
        return None
    except OSError as error:
        if error.errno in _NOT_THERE:
            return None
        return UnreadableFile(file, f"cannot be read: {error.strerror}")


def _read_or_refuse(file: Path, most: int, within: Path | None) -> bytes | UnreadableFile | None:
    status = os.lstat(file)
    if not S_ISLNK(status.st_mode):
        return _kind(file, status) or _read(file, most)
    if within is None:
        return UnreadableFile(file, "is a link")
    target = Path(os.path.realpath(file))
    if not target.is_relative_to(os.path.realpath(within)):
        return UnreadableFile(file, "is a link out of the folder")
    found = read_file(target, most)
    return UnreadableFile(file, found.why) if isinstance(found, UnreadableFile) else found


def _read(file: Path, most: int) -> bytes | UnreadableFile:
    descriptor = os.open(file, _FLAGS)
    with open(descriptor, "rb", buffering=0) as stream:  # noqa: PTH123  # it is open already
        status = os.fstat(descriptor)
        if (other := _kind(file, status)) is not None:  # it was replaced meanwhile
            return other
        parts, left = [], most + 1
        if status.st_size <= most:
            while left > 0 and (part := stream.read(left)):
                parts.append(part)
                left -= len(part)
        if left <= 0 or status.st_size > most:
            return UnreadableFile(file, f"is larger than {_size(most)}")
        return b"".join(parts)


def _kind(file: Path, status: os.stat_result) -> UnreadableFile | None:
    """What is wrong with anything but a regular file."""
    if S_ISREG(status.st_mode):
        return None
    kind = next((words for holds, words in _KINDS if holds(status.st_mode)), "no regular file")
    return UnreadableFile(file, f"is {kind}")


def _size(count: int) -> str:
    return f"{count // 1_000_000} MB" if count >= 1_000_000 else f"{count // 1000} kB"
