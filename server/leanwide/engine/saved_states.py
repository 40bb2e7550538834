"""Files with the state of KV cache sequences, to be restored after a restart.

A file is eight bytes of format, the length and the CRC-32 of a header, the header, and llama.cpp's
state of the sequence. It appears complete, by renaming, and never changes, so several processes can
use the folder: a file that another one removes is simply gone.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import struct
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

from leanwide.atomic_write import write_atomically

_PREFIX: Final = struct.Struct("<8sII")
"""Format, bytes of the header, CRC-32 of the header."""
_FORMAT: Final = b"lwplace2"
_SUFFIX: Final = ".kv"
_MAX_HEADER_BYTES: Final = 16 * 1024 * 1024
"""Larger headers are not read: none of ours is as large."""
_MAX_AGE_S: Final = 30 * 24 * 3600.0
"""Seconds after which an unused file is removed."""
_MAX_UNFINISHED_AGE_S: Final = 3600.0
"""Seconds after which an unfinished file counts as abandoned."""
_MAX_DISK_SHARE: Final = 0.1
"""Largest share of the free disk that one file may take."""


class StateOrigin(msgspec.Struct, frozen=True):
    """What a state was computed with; it is valid only with the same."""

    model: str
    """The path of the model file."""
    model_bytes: int
    model_mtime_ns: int
    experts: int
    llama_cpp: str
    kv: str
    """Types and layout of the KV cache."""


class StateCuts(msgspec.Struct, frozen=True):
    """Where a saved sequence can be cut."""

    cut_from: int = 0
    """Anywhere from this many tokens on."""
    checkpoints: tuple[tuple[int, int], ...] = ()
    """Before that only here: tokens, and the bytes of the checkpoint. Ascending."""


_ANYWHERE: Final = StateCuts()


class StateHeader(msgspec.Struct, frozen=True):
    """What a file says about its state."""

    origin: StateOrigin
    ids: bytes
    """The evaluated tokens, 32 bits each."""
    ms_per_token: float
    """Milliseconds of prefill per token."""
    note: bytes
    """Data of the caller."""
    state_bytes: int
    state_crc: int
    cuts: StateCuts = _ANYWHERE

    @property
    def tokens(self) -> list[int]:
        """The evaluated tokens."""
        return list(array("i", self.ids))


@frozen
class SavedState:
    """A complete file."""

    path: Path
    header: StateHeader = field(repr=False)
    tokens: list[int] = field(repr=False)
    start: int
    """Offset of the state, in bytes."""


_HEADER_ENCODER: Final = msgspec.msgpack.Encoder()
_HEADER_DECODER: Final = msgspec.msgpack.Decoder(StateHeader)


def default_folder() -> Path:
    """Return the folder in the user's cache."""
    return user_cache_path("leanwide") / "places"


def make_header(
    origin: StateOrigin,
    tokens: Sequence[int],
    ms_per_token: float,
    note: bytes,
    state: bytearray,
    cuts: StateCuts = _ANYWHERE,
) -> StateHeader:
    """Return the header for a state."""
    return StateHeader(
        origin=origin,
        ids=array("i", tokens).tobytes(),
        ms_per_token=ms_per_token,
        note=note,
        state_bytes=len(state),
        state_crc=zlib.crc32(state),
        cuts=cuts,
    )


@define
class SavedFolder:
    """The folder of saved states. A file that cannot be read counts as missing."""

    path: Path
    _known: dict[tuple[Path, int, int], SavedState] = field(factory=dict, repr=False)
    """By path, inode and modification time: a file that replaces another differs in them."""

    def states(self, name: str = "") -> Sequence[SavedState]:
        """Return the saved states, of one name or of all; damaged files are removed."""
        known = {}
        for path, status in self._files():
            if path.suffix == _SUFFIX and path.name.startswith(name):
                key = path, status.st_ino, status.st_mtime_ns
                saved = self._known.get(key) or _read_saved(path)
                if saved is not None:
                    known[key] = saved
        self._known = known
        return tuple(known.values())

    def read(self, saved: SavedState) -> bytearray | None:
        """Return the state in a file and mark it as used; None if it is gone or damaged."""
        state = bytearray(saved.header.state_bytes)
        with contextlib.suppress(OSError):
            with _open_plain(saved.path) as file:
                file.seek(saved.start)
                whole = file.readinto(state) == len(state)
            if whole and zlib.crc32(state) == saved.header.state_crc:
                with contextlib.suppress(OSError):  # a read-only disk can still be read
                    os.utime(saved.path)
                return state
            self.remove(saved)
        return None

    def remove(self, saved: SavedState) -> None:
        """Remove a file."""
        with contextlib.suppress(OSError):
            saved.path.unlink()

    def write(self, name: str, header: StateHeader, state: bytearray, max_bytes: int) -> None:
        """Save a state under a name, replacing the previous one; old files make room for it.

        A state larger than ``max_bytes``, the limit for all files, is not saved.

        Raises:
            OSError: The folder cannot be written, or the disk is nearly full.
        """
        body = _HEADER_ENCODER.encode(header)
        size = _PREFIX.size + len(body) + len(state)
        if size > max_bytes:
            return
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)
        self.prune(max_bytes - size)
        if size > _MAX_DISK_SHARE * shutil.disk_usage(self.path).free:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.path))
        # Models share names; their files differ in a hash of the origin.
        tag = f"{zlib.crc32(_HEADER_ENCODER.encode(header.origin)):08x}"
        prefix = _PREFIX.pack(_FORMAT, len(body), zlib.crc32(body))
        write_atomically(self.path / f"{name}-{tag}{_SUFFIX}", (prefix, body, state))

    def delete(self, name: str) -> None:
        """Remove what is saved under a name."""
        for path in self.path.glob(f"{name}-*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                path.unlink()

    def prune(self, max_bytes: int) -> None:
        """Remove the least recently used files until the rest has at most ``max_bytes`` bytes.

        Removes unfinished files, and files unused for too long, as well.
        """
        now, total = time.time(), 0
        for path, status in sorted(self._files(), key=lambda file: -file[1].st_mtime):
            total += status.st_size
            age = now - status.st_mtime
            max_age = _MAX_AGE_S if path.suffix == _SUFFIX else _MAX_UNFINISHED_AGE_S
            if total > max_bytes or age > max_age:
                with contextlib.suppress(OSError):
                    path.unlink()
                total -= status.st_size

    def size(self) -> int:
        """Return the bytes of all files."""
        return sum(status.st_size for _, status in self._files())

    def _files(self) -> Iterator[tuple[Path, os.stat_result]]:
        with contextlib.suppress(OSError):
            for path in self.path.iterdir():
                with contextlib.suppress(OSError):
                    yield path, path.lstat()


@contextlib.contextmanager
def _open_plain(path: Path) -> Iterator[BufferedReader]:
    """Open a regular file; never block on a pipe or follow a link in its place."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        if not S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EINVAL, "not a regular file", str(path))
        yield file


def _read_saved(path: Path) -> SavedState | None:
    """Read the header of a file; None if it cannot be read. A damaged file is removed."""
    with contextlib.suppress(OSError):
        with _open_plain(path) as file:
            saved = _parse(path, file)
        if saved is None:
            path.unlink()
        return saved
    return None


def _parse(path: Path, file: BufferedReader) -> SavedState | None:
    """Read everything before the state; None if the file is damaged."""
    prefix = file.read(_PREFIX.size)
    if len(prefix) < _PREFIX.size:
        return None
    form, length, crc = _PREFIX.unpack(prefix)
    body = file.read(length) if form == _FORMAT and length <= _MAX_HEADER_BYTES else b""
    if len(body) != length or zlib.crc32(body) != crc:
        return None
    try:
        header = _HEADER_DECODER.decode(body)
        tokens = header.tokens
    except (ValueError, msgspec.MsgspecError):
        return None
    start = _PREFIX.size + length
    whole = os.fstat(file.fileno()).st_size == start + header.state_bytes
    return SavedState(path, header, tokens, start) if whole else None
