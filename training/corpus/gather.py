"""Stores every file that may be learned from or is held out.

    python -m training.corpus.gather

Reads the standard library, the training environment, and what ``training.corpus.fetch`` fetched.
"""

from __future__ import annotations

import argparse
import sys
import zlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from itertools import chain, repeat
from lzma import LZMAError
from pathlib import Path
from subprocess import CalledProcessError
from tarfile import TarError
from typing import Final
from zipfile import BadZipFile

from tqdm import tqdm

from training.corpus import debian, debs, environment, licences, listed, npm, store, wheels
from training.corpus.copies import without_copies
from training.corpus.handwritten import is_handwritten
from training.corpus.listed import Listed
from training.corpus.packages import Registry, SourceFile

DAMAGED: Final = (
    OSError,
    EOFError,
    KeyError,
    ValueError,
    CalledProcessError,
    LZMAError,
    TarError,
    BadZipFile,
    zlib.error,
)
"""What a reader raises for an archive that is not what its name says."""
READ_AHEAD: Final = 48
"""Packages whose files may be in memory at a time."""
RECORD: Final = Path(__file__).with_name("sources.tsv")
READERS: Final[dict[Registry, Callable[[Path], Iterator[SourceFile]]]] = {
    "pip": wheels.files,
    "npm": npm.files,
    "deb": debs.files,
    "debian": debian.files,
}


def gathered(corpus: Path) -> Iterator[SourceFile]:
    """Yield every accepted file, held-out packages first, none a copy of an earlier one."""
    own = list(
        _handwritten(
            chain(
                environment.stdlib_files(), environment.installed_files(environment.DISTRIBUTIONS)
            )
        )
    )
    names = {file.package.name.lower() for file in own}
    fetched = [
        package
        for registry in READERS
        for package in listed.read(registry)
        if registry != "pip" or package.name.lower() not in names
    ]
    held_out = [package for package in fetched if package.held_out]
    others = [package for package in fetched if not package.held_out]
    return without_copies(
        chain(
            (file for file in own if file.package.held_out),
            _files(held_out, corpus),
            (file for file in own if not file.package.held_out),
            _files(others, corpus),
        )
    )


def _files(packages: list[Listed], corpus: Path) -> Iterator[SourceFile]:
    """Yield the handwritten files of packages, some of which are read ahead in other processes."""
    with ProcessPoolExecutor() as pool, tqdm(total=len(packages), unit="package") as progress:
        for first in range(0, len(packages), READ_AHEAD):
            group = packages[first : first + READ_AHEAD]
            for files in pool.map(_files_of, group, repeat(corpus)):
                yield from files
                progress.update()


def _files_of(package: Listed, corpus: Path) -> list[SourceFile]:
    """Return the handwritten files of a package; none if it was not fetched or is damaged."""
    archive = package.archive(corpus)
    if archive is None:
        return []
    try:
        return list(_handwritten(READERS[package.registry](archive)))
    except DAMAGED as error:
        print(f"{package} is left out: {error}", file=sys.stderr)
        return []


def _handwritten(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    return (file for file in files if is_handwritten(file.path, file.text, file.language))


def main() -> None:
    """Store the files and print how many there are by language."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("training/out/corpus"))
    parser.add_argument("--record", type=Path, default=RECORD, help="the licence record to write")
    parser.add_argument("--to", type=Path, default=Path("training/out/files"))
    given = parser.parse_args()
    entries = store.write(gathered(given.corpus), given.to)
    given.record.write_text(licences.as_tsv(entries))
    print(store.table(entries))


if __name__ == "__main__":
    main()
