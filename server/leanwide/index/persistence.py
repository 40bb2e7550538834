"""The index on disk, so that a restart parses only changed files.

A file holds eight bytes of format, four of CRC-32, and a MessagePack body: leanwide's version, the
root, and every entry encoded by itself, so that no long decoding step keeps other threads waiting.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import time
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import msgspec
from msgspec.msgpack import Decoder, Encoder
from platformdirs import user_cache_path

from leanwide import __version__
from leanwide.atomic_write import write_atomically
from leanwide.files.plain import read_plain
from leanwide.index.symbols import FileEntry

_FORMAT: Final = b"lwindex3"
_SUFFIX: Final = ".index"
_CRC_BYTES: Final = 4
_MAX_KEPT: Final = 32
"""Folders whose index is kept, the most recently used ones."""
_MAX_BYTES: Final = 256 * 1024 * 1024
"""A larger file is not read: no index of ours is as large."""
_ABANDONED_S: Final = 3600.0
"""Seconds after which an unfinished file is taken as left by a killed process."""


class _Body(msgspec.Struct, frozen=True, array_like=True):
    version: str
    """Leanwide's: another version may find other definitions."""
    root: bytes
    entries: list[msgspec.Raw]


def cache_file(root: Path, folder: Path | None = None) -> Path:
    """Return the index file of the folder ``root``, by default in the user's cache folder."""
    folder = folder or user_cache_path("leanwide") / "index"
    return folder / (hashlib.sha256(os.fsencode(root)).hexdigest()[:24] + _SUFFIX)


def load(file: Path, root: Path) -> dict[str, FileEntry]:
    """Return the entries in a file by path; none if it is missing, damaged or of other version."""
    # On bytes that only look like an index, msgspec raises any of these.
    with contextlib.suppress(
        OSError, ValueError, RecursionError, MemoryError, msgspec.MsgspecError
    ):
        data = read_plain(file, _MAX_BYTES)
        crc, body = data[len(_FORMAT) :][:_CRC_BYTES], data[len(_FORMAT) + _CRC_BYTES :]
        if data.startswith(_FORMAT) and crc == _crc(body):
            return _entries(body, root)
    return {}


def save(file: Path, root: Path, entries: Iterable[FileEntry]) -> bool:
    """Write entries atomically; return whether that worked.

    Only the user may read the file: it holds signatures of their source.
    """
    encoder = Encoder()
    raw = [msgspec.Raw(encoder.encode(entry)) for entry in entries]
    body = encoder.encode(_Body(__version__, os.fsencode(root), raw))
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(file, (_FORMAT, _crc(body), body))
        _drop_old(file.parent)
    except OSError:
        return False
    return True


def _entries(body: bytes, root: Path) -> dict[str, FileEntry]:
    content = Decoder(_Body).decode(body)
    if content.version != __version__ or content.root != os.fsencode(root):
        return {}
    decoder = Decoder(FileEntry)
    return {entry.path: entry for entry in map(decoder.decode, content.entries)}


def _crc(body: bytes) -> bytes:
    return zlib.crc32(body).to_bytes(_CRC_BYTES, "little")


def _drop_old(folder: Path) -> None:
    """Delete the least recently used indexes, and unfinished files of killed processes."""
    long_ago = time.time() - _ABANDONED_S
    for path in folder.iterdir():
        if path.suffix != _SUFFIX and path.lstat().st_mtime < long_ago:
            path.unlink(missing_ok=True)
    files = sorted(folder.glob("*" + _SUFFIX), key=lambda file: -file.lstat().st_mtime)
    for file in files[_MAX_KEPT:]:
        file.unlink(missing_ok=True)
