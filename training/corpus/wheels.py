"""Source files of wheels, with the licence that a wheel's metadata names."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from importlib.metadata import PathDistribution
from pathlib import Path

from training.corpus import archives
from training.corpus.environment import licence_of
from training.corpus.languages import language_of, may_be_learned
from training.corpus.packages import Package, SourceFile, is_held_out
from training.corpus.permissive import permits


def files(wheel: Path) -> Iterator[SourceFile]:
    """Yield the source files of a wheel; none if its licence does not permit the use."""
    package = package_of(wheel)
    if package is None:
        return
    for path, text in archives.zipped(wheel, may_be_learned):
        if language := language_of(path, text):
            yield SourceFile(package=package, path=path, language=language, text=text)


def package_of(wheel: Path) -> Package | None:
    """Return what a wheel's metadata says of it; None if its licence does not permit the use."""
    with zipfile.ZipFile(wheel) as opened:
        names = (name for name in opened.namelist() if name.endswith(".dist-info/METADATA"))
        root = zipfile.Path(opened, next(names).removesuffix("METADATA"))
        distribution = PathDistribution(root)
        about, version = distribution.metadata, distribution.version
    licence = licence_of(about.json)
    if not permits(licence):
        return None
    return Package(
        registry="pip",
        name=about["Name"],
        version=version,
        licence=licence,
        held_out=is_held_out("pip", about["Name"]),
    )
