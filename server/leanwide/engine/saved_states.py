"""The KV cache of places as files: what a sequence held, to be found again after a restart.

A file is eight bytes of format, the length and the CRC-32 of a head, the head, and what llama.cpp
says of the sequence. It comes whole by its renaming and is never changed, so that several processes
may use the folder: what another one drops is not there, and nothing worse.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import struct
import tempfile
import time
import zlib
from array import array
from collections.abc import Iterator, Sequence
from io import BufferedReader
from pathlib import Path
from stat import S_ISREG
from typing import Final

import msgspec
from attrs import define, field, frozen
from platformdirs import user_cache_path

_PREFIX: Final = struct.Struct("<8sII")
"""Format, bytes of the head, CRC-32 of the head."""
_FORMAT: Final = b"lwplace1"
_SUFFIX: Final = ".kv"
_LARGEST_HEAD: Final = 16 * 1024 * 1024
"""Bytes of a head that is read: no head of ours is as large."""
_KEPT_S: Final = 30 * 24 * 3600.0
"""Seconds after which a place that nobody returned to is forgotten."""
_WRITTEN_S: Final = 3600.0
"""Seconds after which an unfinished file is nobody's."""
_SHARE: Final = 0.1
"""Most of the free disk that one file takes."""


class StateOrigin(msgspec.Struct, frozen=True):
    """What has to be the same for a state to mean the same."""

    model: str
    """The file with the weights, its bytes, and when it was changed."""
    model_bytes: int
    model_mtime_ns: int
    experts: int
    llama_cpp: str
    kv: str
    """Types and layout of the KV cache."""


class StateHeader(msgspec.Struct, frozen=True):
    """What a file says of the state behind it."""

    origin: StateOrigin
    ids: bytes
    """The tokens that are evaluated, 32 bits each."""
    ms_per_token: float
    """What reading them took."""
    note: bytes
    state_bytes: int
    state_crc: int

    @property
    def tokens(self) -> list[int]:
        """The tokens that are evaluated."""
        return list(array("i", self.ids))


@frozen
class SavedState:
    """A file that is there."""

    path: Path
    head: StateHeader = field(repr=False)
    tokens: list[int] = field(repr=False)
    start: int
    """Where the state begins, in bytes."""


_HEAD_ENCODER: Final = msgspec.msgpack.Encoder()
_HEAD_DECODER: Final = msgspec.msgpack.Decoder(StateHeader)


def default_folder() -> Path:
    """Give the folder in the user's cache."""
    return user_cache_path("leanwide") / "places"


def head_of(
    origin: StateOrigin, tokens: Sequence[int], ms_per_token: float, note: bytes, state: bytearray
) -> StateHeader:
    """Describe a state that is to be written."""
    return StateHeader(
        origin=origin,
        ids=array("i", tokens).tobytes(),
        ms_per_token=ms_per_token,
        note=note,
        state_bytes=len(state),
        state_crc=zlib.crc32(state),
    )


@define
class SavedFolder:
    """The files. What cannot be read is as good as not there."""

    path: Path
    _seen: dict[tuple[Path, int, int], SavedState] = field(factory=dict, repr=False)
    """By path, inode and time: another file in the place of one differs in them."""

    def states(self, name: str = "") -> Sequence[SavedState]:
        """Give what is there, of one place or of all; what is damaged is removed."""
        seen = {}
        for path, status in self._files():
            if path.suffix == _SUFFIX and path.name.startswith(name):
                key = path, status.st_ino, status.st_mtime_ns
                saved = self._seen.get(key) or _read_head(path)
                if saved is not None:
                    seen[key] = saved
        self._seen = seen
        return tuple(seen.values())

    def read(self, saved: SavedState) -> bytearray | None:
        """Give the state of a file, which counts as used now; None where it is gone or damaged."""
        state = bytearray(saved.head.state_bytes)
        with contextlib.suppress(OSError):
            with _opened(saved.path) as file:
                file.seek(saved.start)
                whole = file.readinto(state) == len(state)
            if whole and zlib.crc32(state) == saved.head.state_crc:
                with contextlib.suppress(OSError):  # a disk that cannot be written can be read
                    os.utime(saved.path)
                return state
            self.remove(saved)
        return None

    def remove(self, saved: SavedState) -> None:
        """Remove a file."""
        with contextlib.suppress(OSError):
            saved.path.unlink()

    def write(self, name: str, head: StateHeader, state: bytearray, most_bytes: int) -> None:
        """Keep a state under a name, in place of what was there; others go if they must.

        Raises:
            OSError: The folder cannot be written, or the disk has little room left.
        """
        body = _HEAD_ENCODER.encode(head)
        size = _PREFIX.size + len(body) + len(state)
        if size > most_bytes:
            return
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        self.prune(most_bytes - size)
        if size > _SHARE * shutil.disk_usage(self.path).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        descriptor, temporary = tempfile.mkstemp(dir=self.path, prefix=name)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(_PREFIX.pack(_FORMAT, len(body), zlib.crc32(body)))
                file.write(body)
                file.write(state)
            Path(temporary).replace(self.path / f"{name}-{_tag(head.origin)}{_SUFFIX}")
        finally:
            Path(temporary).unlink(missing_ok=True)

    def drop(self, name: str) -> None:
        """Remove what is kept under a name."""
        for path in self.path.glob(f"{name}-*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                path.unlink()

    def prune(self, most_bytes: int) -> None:
        """Remove the least recently used files until the others have at most so many bytes.

        What nobody used for long goes as well, and what was left unfinished.
        """
        now, total = time.time(), 0
        for path, status in sorted(self._files(), key=lambda one: -one[1].st_mtime):
            total += status.st_size
            age = now - status.st_mtime
            unfinished = path.suffix != _SUFFIX
            if total > most_bytes or age > (_WRITTEN_S if unfinished else _KEPT_S):
                with contextlib.suppress(OSError):
                    path.unlink()
                total -= status.st_size

    def size(self) -> int:
        """Count the bytes of all files."""
        return sum(status.st_size for _, status in self._files())

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        with contextlib.suppress(OSError):
            for path in self.path.iterdir():
                with contextlib.suppress(OSError):
                    yield path, path.lstat()


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BufferedReader]:
    """Open a plain file: nothing that took its place is waited for."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "it is no plain file", str(path))
        yield file


def _read_head(path: Path) -> SavedState | None:
    """Read what stands before a state; None where that is none. A damaged file is removed."""
    with contextlib.suppress(OSError):
        with _opened(path) as file:
            saved = _parse_head(path, file)
        if saved is None:
            path.unlink()
        return saved
    return None


def _parse_head(path: Path, file: BufferedReader) -> SavedState | None:
    """Read what stands before the state; None where the file is not whole."""
    prefix = file.read(_PREFIX.size)
    if len(prefix) < _PREFIX.size:
        return None
    form, length, crc = _PREFIX.unpack(prefix)
    body = file.read(length) if form == _FORMAT and length <= _LARGEST_HEAD else b""
    if len(body) != length or zlib.crc32(body) != crc:
        return None
    try:
        head = _HEAD_DECODER.decode(body)
        tokens = head.tokens
    except (ValueError, msgspec.MsgspecError):
        return None
    start = _PREFIX.size + length
    whole = os.fstat(file.fileno()).st_size == start + head.state_bytes
    return SavedState(path, head, tokens, start) if whole else None


def _tag(origin: StateOrigin) -> str:
    """What tells the files of one place apart that models of its own left."""
    return f"{zlib.crc32(_HEAD_ENCODER.encode(origin)):08x}"
