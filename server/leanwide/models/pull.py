"""Downloads a model file from the hub: resumes, verifies, and shows only complete files."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from attrs import frozen

from leanwide.models.hub import CutError, HubError, RemoteFile, look_up, stream
from leanwide.models.pulling import PullError, Report
from leanwide.models.registry import HubFile
from leanwide.models.store import PART_SUFFIX, pulled_path

_FULL: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ_BYTES: Final = 1 << 22


@frozen(kw_only=True)
class RetryPolicy:
    """When a broken connection is opened again."""

    tries: int
    """Attempts in a row without a byte before giving up."""
    first_wait_s: float
    """Seconds before the next attempt; each attempt without a byte doubles them."""


DEFAULT_RETRIES: Final = RetryPolicy(tries=7, first_wait_s=0.25)
"""Survives 16 seconds without a connection."""


def pull(source: HubFile, report: Report, retries: RetryPolicy = DEFAULT_RETRIES) -> Path:
    """Download a file unless it is there; return its path.

    Raises:
        PullError: It cannot be downloaded. What arrived stays for the next try, unless it is wrong.
    """
    try:
        remote = look_up(source)
        target = pulled_path(source)
        if target.is_file() and _sha256(target, report) == remote.sha256:
            return target
        # With the hash in its name, a part of another version of the file is never resumed.
        part = target.with_name(f"{target.name}.{remote.sha256[:12]}{PART_SUFFIX}")
        with _open_part(part) as file:
            _fetch(file, remote, report, retries)
        _verify(part, remote, report)
        part.replace(target)
    except HubError as error:
        raise PullError(str(error)) from error
    except OSError as error:
        raise PullError(_explain(error, source)) from error
    return target


@contextlib.contextmanager
def _open_part(part: Path) -> Iterator[BinaryIO]:
    """Open and lock the unfinished file, at its end; it is synced to disk afterwards."""
    part.parent.mkdir(parents=True, exist_ok=True)
    if part.is_fifo():
        part.unlink()  # opening it would block for ever
    with part.open("ab", buffering=0) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise PullError(f"{part} is being written: another pull of it is under way") from None
        yield file
        os.fsync(file.fileno())


def _fetch(file: BinaryIO, remote: RemoteFile, report: Report, retries: RetryPolicy) -> None:
    """Download what is missing, over several connections if they break."""
    if file.tell() > remote.size_bytes:
        file.truncate(0)
    _check_space(Path(file.name).parent, remote.size_bytes - file.tell())
    fruitless = 0  # attempts in a row
    while (before := file.tell()) < remote.size_bytes:
        try:
            _append(file, remote, report)
            cause = "it ended early"
        except CutError as error:
            cause = str(error)
        fruitless = 0 if file.tell() > before else fruitless + 1
        if fruitless == retries.tries:
            megabytes = f"{file.tell() / 1e6:,.1f} of {remote.size_bytes / 1e6:,.1f} MB"
            raise PullError(
                f"the connection to the hub broke {fruitless} times in a row ({cause}): "
                f"{megabytes} are here, and the same command goes on"
            )
        if file.tell() < remote.size_bytes:
            time.sleep(retries.first_wait_s * 2**fruitless)


def _append(file: BinaryIO, remote: RemoteFile, report: Report) -> None:
    """Append the bytes of one connection to the file."""
    for at, chunk in stream(remote, file.tell()):
        if at != file.tell():
            file.truncate(at)
            file.seek(at)
        if at + len(chunk) > remote.size_bytes:
            raise HubError(f"the hub sends more than the {remote.size_bytes} bytes it announced")
        file.write(chunk)
        report("fetching", file.tell(), remote.size_bytes)


def _verify(part: Path, remote: RemoteFile, report: Report) -> None:
    """Check the hash; remove a file with another one.

    Raises:
        PullError: The bytes are not those that the hub announced.
    """
    found = _sha256(part, report)
    if found != remote.sha256:
        part.unlink()
        raise PullError(
            f"{remote.source.file} is refused: its SHA-256 is {found}, the hub announced "
            f"{remote.sha256}; the download is removed, run the command again"
        )


def _sha256(path: Path, report: Report) -> str:
    digest, size = hashlib.sha256(), path.stat().st_size
    with path.open("rb") as file:
        while chunk := file.read(_READ_BYTES):
            digest.update(chunk)
            report("verifying", file.tell(), size)
    return digest.hexdigest()


def _check_space(folder: Path, missing: int) -> None:
    free = shutil.disk_usage(folder).free
    if missing > free:
        raise PullError(
            f"{missing / 1e6:,.1f} MB are missing and {free / 1e6:,.1f} MB are free in {folder}: "
            "make room, or pull a smaller model"
        )


def _explain(error: OSError, source: HubFile) -> str:
    if error.errno in _FULL:
        return (
            f"the disk is full: make room in {pulled_path(source).parent}; "
            "the part so far stays, and the same command goes on from there"
        )
    return f"{pulled_path(source)} cannot be written: {error.strerror or error}"
