"""The text files inside a package's archive, which is never unpacked on the disk."""

from __future__ import annotations

import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final, NamedTuple

MAX_BYTES: Final = 150_000
"""The largest file that is read."""


class Member(NamedTuple):
    """A text file of an archive: its path inside, and its text with LF endings."""

    path: str
    text: str


def zipped(archive: Path, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """Yield the wanted texts of a zip file (a wheel), in the order of their paths."""
    with zipfile.ZipFile(archive) as opened:
        for info in sorted(opened.infolist(), key=lambda info: info.filename):
            if info.file_size <= MAX_BYTES and wanted(info.filename):
                yield from _text(info.filename, opened.read(info))


def tarred(archive: Path | BinaryIO, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """Yield the wanted texts of a tar file, compressed or not, in their order.

    Raises:
        tarfile.TarError: it is damaged, or compressed in an unknown way.
    """
    source = {"name": archive} if isinstance(archive, Path) else {"fileobj": archive}
    with tarfile.open(**source) as opened:
        for info in opened:
            path = info.name.removeprefix("./")
            if info.isfile() and info.size <= MAX_BYTES and wanted(path):
                file = opened.extractfile(info)
                if file is not None:
                    yield from _text(path, file.read(MAX_BYTES))


def below_top(archive: Path, wanted: Callable[[str], bool]) -> Iterator[Member]:
    """Yield the wanted texts of a tar file whose files are all in one folder, without that one."""
    for path, text in tarred(archive, lambda path: wanted(path.partition("/")[2])):
        yield Member(path.partition("/")[2], text)


def _text(path: str, data: bytes) -> Iterator[Member]:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return
    yield Member(path, text.replace("\r\n", "\n").removeprefix("\ufeff"))
