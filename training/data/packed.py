"""Samples on the disk: files of a few megabytes, each a fair part of the whole set."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from training.corpus.languages import LANGUAGES

TOKENS_PER_FILE: Final = 8_000_000
"""About four megabytes when packed."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """Samples one after the other, and how much text they come from."""

    tokens: np.ndarray
    lengths: np.ndarray
    answers: np.ndarray
    languages: np.ndarray
    """Of each sample, as a number in ``LANGUAGES``."""
    files: dict[str, int]
    """Files by language from which at least one sample came."""
    characters: dict[str, int]
    """Characters of those files."""


@dataclass(frozen=True, slots=True)
class Samples:
    """Samples, one after the other."""

    tokens: np.ndarray
    ends: np.ndarray
    answers: np.ndarray
    """Where each sample's answer begins, counted in its tokens."""
    languages: np.ndarray
    """Of each sample, as a number in ``LANGUAGES``."""

    def __len__(self) -> int:
        return len(self.ends)

    def __getitem__(self, number: int) -> np.ndarray:
        start = self.ends[number - 1] if number else 0
        sample: np.ndarray = self.tokens[start : self.ends[number]]
        return sample

    def tokens_of(self, language: str) -> np.ndarray:
        """Return the tokens of the samples in one language."""
        lengths = np.diff(self.ends, prepend=0)
        chosen: np.ndarray = np.repeat(self.languages == LANGUAGES.index(language), lengths)
        tokens: np.ndarray = self.tokens[chosen]
        return tokens


def write(drawn: Iterable[Drawn], folder: Path) -> None:
    """Write samples into a folder; no more than one file's tokens are in memory at a time."""
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.npz"):
        old.unlink()
    for number, part in enumerate(_parts(drawn)):
        _pack(part, folder / f"{number:03}.npz")


def load(folder: Path) -> Samples:
    """Read every file of a folder.

    Raises:
        FileNotFoundError: there is none.
    """
    paths = sorted(folder.glob("*.npz"))
    if not paths:
        raise FileNotFoundError(f"no samples in {folder}")
    parts = [_unpacked(path) for path in paths]
    lengths = np.concatenate([np.diff(part.ends, prepend=0) for part in parts])
    return Samples(
        np.concatenate([part.tokens for part in parts]),
        np.cumsum(lengths),
        np.concatenate([part.answers for part in parts]),
        np.concatenate([part.languages for part in parts]),
    )


def _parts(drawn: Iterable[Drawn]) -> Iterator[list[Drawn]]:
    part: list[Drawn] = []
    for one in drawn:
        part.append(one)
        if sum(len(some.tokens) for some in part) >= TOKENS_PER_FILE:
            yield part
            part = []
    if part:
        yield part


def _pack(part: list[Drawn], path: Path) -> None:
    """Write one file. LZMA finds the text that overlapping samples share, as deflate does not."""
    arrays = {
        "tokens": np.concatenate([one.tokens for one in part]),
        "ends": np.cumsum(np.concatenate([one.lengths for one in part])),
        "answers": np.concatenate([one.answers for one in part]),
        "languages": np.concatenate([one.languages for one in part]),
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, array in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, array)


def _unpacked(path: Path) -> Samples:
    with np.load(path) as stored:
        return Samples(*(stored[name] for name in ("tokens", "ends", "answers", "languages")))
