"""Draws the samples of one stored package, in a process of its own."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, islice
from pathlib import Path
from random import Random
from typing import Final

import numpy as np

from training.corpus import store
from training.corpus.languages import LANGUAGES
from training.corpus.packages import Package, SourceFile
from training.data import file_samples, tokenizer
from training.data.layout import Encode
from training.data.packed import Drawn

LEAST_PER_CHARACTER: Final = 1 / 2500
"""Samples of a file that is drawn from at all: to parse it costs more than to draw from it."""
OTHERS: Final = 12
"""Files that are parsed for their definitions alone."""
FILES_AT_ONCE: Final = 60
"""Neighbouring files of a package that are drawn together; snippets come from among them."""


@dataclass(frozen=True, slots=True)
class Job:
    """A stored package, and the samples to draw for each character of a language."""

    folder: Path
    package: Package
    rates: dict[str, float]
    chat: float
    tokenizer: Path
    seed: str


def draw(job: Job) -> Drawn:
    """Draw every sample of a package; fractions of a sample are rounded randomly."""
    random = Random(job.seed)
    encoder = tokenizer.load(job.tokenizer)
    made: list[tuple[np.ndarray, int, int]] = []
    files: dict[str, int] = {}
    characters: dict[str, int] = {}
    for group in _groups(store.read(job.folder, job.package), job.rates):
        language = group[0].language
        counts = [_count(job.rates[language], len(file.text), random) for file in group]
        if not any(counts):
            continue
        index = file_samples.package_index(_referred_to(group, counts, random))
        for file, count in zip(group, counts, strict=True):
            if rows := _rows(file, count, job.chat, index, lambda t: encoder.encode(t).ids, random):
                made += [(tokens, answer, LANGUAGES.index(language)) for tokens, answer in rows]
                files[language] = files.get(language, 0) + 1
                characters[language] = characters.get(language, 0) + len(file.text)
    return Drawn(
        tokens=np.concatenate([row[0] for row in made] or [np.zeros(0, dtype=np.uint16)]),
        lengths=np.array([len(row[0]) for row in made], dtype=np.int64),
        answers=np.array([row[1] for row in made], dtype=np.int64),
        languages=np.array([row[2] for row in made], dtype=np.uint8),
        files=files,
        characters=characters,
    )


def _count(rate: float, characters: int, random: Random) -> int:
    """Return how many samples to draw from a file, so that on average there are ``rate`` of them.

    Fractions are rounded randomly.
    """
    used = max(rate, LEAST_PER_CHARACTER)
    if random.random() >= rate / used:
        return 0
    return math.floor(used * characters + random.random())


def _referred_to(group: list[SourceFile], counts: list[int], random: Random) -> list[SourceFile]:
    """Return the files whose definitions may stand in front of a hole: those drawn, and others."""
    others = [file for file, count in zip(group, counts, strict=True) if not count]
    drawn = [file for file, count in zip(group, counts, strict=True) if count]
    return drawn + random.sample(others, min(OTHERS, len(others)))


def _rows(
    file: SourceFile,
    count: int,
    chat: float,
    index: file_samples.Index,
    encode: Encode,
    random: Random,
) -> list[tuple[np.ndarray, int]]:
    """Return a file's samples as tokens and the answer's place."""
    if not count or (source := file_samples.parsed(file)) is None:
        return []
    kinds = file_samples.kinds(count, chat, random)
    drawn = file_samples.draw(source, index, kinds, encode, random)
    return [(np.array(row.tokens, dtype=np.uint16), row.answer) for row in drawn]


def _groups(files: Iterator[SourceFile], rates: dict[str, float]) -> Iterator[list[SourceFile]]:
    """Yield neighbouring files of one language, of the languages that are wanted."""
    wanted = (file for file in files if file.language in rates)
    for _, same in groupby(wanted, key=lambda file: file.language):
        while group := list(islice(same, FILES_AT_ONCE)):
            yield group
