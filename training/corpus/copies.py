"""Leaves out files that repeat earlier ones, in memory of a fixed size."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np

from training.corpus.packages import SourceFile

MAX_REPEATED: Final = 0.7
"""A file with a larger share of long lines that earlier files have is a copy."""
LONG: Final = 24
"""Characters: shorter lines occur in many files by chance."""


class Lines:
    """The long lines seen so far, as one bit for each 32-bit checksum: half a gigabyte.

    Of lines that were not seen, about one in 200 counts as seen once there are 20 million.
    """

    def __init__(self) -> None:
        self._bits = np.zeros(1 << 29, dtype=np.uint8)

    def share(self, marks: np.ndarray) -> float:
        """Return the share of marks (0 to 1) that were added before."""
        return float((self._bits[marks >> 3] >> (marks & 7) & 1).mean())

    def add(self, marks: np.ndarray) -> None:
        """Add the marks of a file."""
        np.bitwise_or.at(self._bits, marks >> 3, (1 << (marks & 7)).astype(np.uint8))


def without_copies(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """Yield the files that do not consist mostly of long lines of earlier ones.

    Pass held-out files first, so that no copy of one can reach the training set.
    """
    seen = Lines()
    for file in files:
        marks = line_marks(file.text)
        if len(marks) and seen.share(marks) <= MAX_REPEATED:
            yield file
        if len(marks):
            seen.add(marks)


def line_marks(text: str) -> np.ndarray:
    """Return the checksum of each long line of a text, without duplicates."""
    stripped = (line.strip() for line in text.splitlines())
    marks = {zlib.crc32(line.encode()) for line in stripped if len(line) > LONG}
    return np.fromiter(sorted(marks), dtype=np.int64, count=len(marks))
