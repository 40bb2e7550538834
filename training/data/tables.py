"""The table of a training set: how much text of each language it has and holds out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from training.corpus.languages import LANGUAGES
from training.corpus.store import Entry
from training.data.packed import Drawn

COLUMNS = (
    "language", "packages", "files", "characters", "samples", "tokens",
    "held-out packages", "held-out files",
)  # fmt: skip


class Counted:
    """Counts samples while they pass."""

    def __init__(self) -> None:
        self._packages: Counter[str] = Counter()
        self._files: Counter[str] = Counter()
        self._characters: Counter[str] = Counter()
        self._samples: Counter[str] = Counter()
        self._tokens: Counter[str] = Counter()

    def passing(self, drawn: Iterable[Drawn]) -> Iterator[Drawn]:
        """Yield what comes, and count it."""
        for one in drawn:
            self._packages.update(one.files.keys())
            self._files.update(one.files)
            self._characters.update(one.characters)
            for number, language in enumerate(LANGUAGES):
                chosen = one.languages == number
                self._samples[language] += int(np.count_nonzero(chosen))
                self._tokens[language] += int(one.lengths[chosen].sum())
            yield one

    def rows(self, entries: list[Entry]) -> list[dict[str, Any]]:
        """Return a row for each language that has samples."""
        held_out = [entry for entry in entries if entry.package.held_out]
        return [
            {
                "language": language,
                "packages": self._packages[language],
                "files": self._files[language],
                "characters": self._characters[language],
                "samples": self._samples[language],
                "tokens": self._tokens[language],
                "held-out packages": sum(language in entry.files for entry in held_out),
                "held-out files": sum(entry.files.get(language, 0) for entry in held_out),
            }
            for language in LANGUAGES
            if self._samples[language]
        ]


def as_text(rows: list[dict[str, Any]]) -> str:
    """Return the table in Markdown, with a last row of sums."""
    total = {name: sum(row[name] for row in rows) for name in COLUMNS[1:]}
    lines = [
        [*COLUMNS],
        ["---"] * len(COLUMNS),
        *([row["language"], *(f"{row[name]:,}" for name in COLUMNS[1:])] for row in rows),
        ["all", *(f"{total[name]:,}" for name in COLUMNS[1:])],
    ]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
