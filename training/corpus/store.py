"""The accepted files on the disk: one compressed file for each package, and an index."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Final
from urllib.parse import quote

from training.corpus.languages import LANGUAGES
from training.corpus.packages import Package, SourceFile

INDEX: Final = "index.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """A stored package: its number of files and of characters by language."""

    package: Package
    files: dict[str, int]
    characters: dict[str, int]


def write(files: Iterable[SourceFile], folder: Path) -> list[Entry]:
    """Store files, those of a package one after the other; return the index, which is written last.

    Only one package is in memory at a time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = [
        _write_package(package, list(group), folder)
        for package, group in groupby(files, key=lambda file: file.package)
    ]
    write_entries(written, folder / INDEX)
    return written


def write_entries(entries: list[Entry], path: Path) -> None:
    """Write packages in the form of an index."""
    path.write_text(json.dumps([asdict(entry) for entry in entries], indent=1))


def index(folder: Path) -> list[Entry]:
    """Read the index."""
    return entries(folder / INDEX)


def entries(path: Path) -> list[Entry]:
    """Read packages in the form of an index."""
    rows = json.loads(path.read_text())
    return [Entry(Package(**row["package"]), row["files"], row["characters"]) for row in rows]


def read(folder: Path, package: Package) -> Iterator[SourceFile]:
    """Yield the files of a stored package, those of a language one after the other."""
    with gzip.open(_path(folder, package), "rt", encoding="utf-8") as lines:
        for line in lines:
            yield SourceFile(package=package, **json.loads(line))


def _write_package(package: Package, files: list[SourceFile], folder: Path) -> Entry:
    with gzip.open(_path(folder, package), "wt", encoding="utf-8", compresslevel=1) as opened:
        for file in sorted(files, key=lambda file: file.language):
            row = {"path": file.path, "language": file.language, "text": file.text}
            opened.write(json.dumps(row) + "\n")
    counted = Counter(file.language for file in files)
    sizes: Counter[str] = Counter()
    for file in files:
        sizes[file.language] += len(file.text)
    return Entry(package, dict(counted), dict(sizes))


def _path(folder: Path, package: Package) -> Path:
    return folder / f"{package.registry}-{quote(package.name, safe='')}.jsonl.gz"


def table(entries: list[Entry]) -> str:
    """Return the numbers of packages, files and characters by language, one language a line."""
    return "\n".join(
        f"{language:18}{'held out' if held_out else '':10}{len(rows):6} packages"
        f"{sum(row.files[language] for row in rows):8} files"
        f"{sum(row.characters[language] for row in rows) / 1e6:9.2f} million characters"
        for language in LANGUAGES
        for held_out in (False, True)
        if (rows := [r for r in entries if language in r.files and r.package.held_out == held_out])
    )
