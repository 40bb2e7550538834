"""Fetches well-known packages' sources for ``leanwide bench edits``: ``fetch_sources.py FOLDER``.

Each package comes from its registry through the registry's own client (pip, npm, apt-get), nothing
is built or run, and nothing of it belongs in this repository. ``FOLDER/LANGUAGE/PACKAGE/`` gets the
sources without tests, and ``FOLDER/sources.json`` says what came, in which version and under which
licence.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from attrs import asdict, frozen
from registries import copy_sources, download, unpack

_TEXTS: Final = ".md"


@frozen(kw_only=True)
class Package:
    """One package of a registry."""

    registry: str
    name: str
    version: str
    """Empty: the one that the machine's Debian release has."""
    licence: str
    """As the package states it."""
    language: str
    suffix: str


PACKAGES: Final = (
    Package(
        registry="pypi",
        name="click",
        version="8.1.8",
        licence="BSD-3-Clause",
        language="python",
        suffix=".py",
    ),
    Package(
        registry="pypi",
        name="requests",
        version="2.32.3",
        licence="Apache-2.0",
        language="python",
        suffix=".py",
    ),
    Package(
        registry="npm",
        name="express",
        version="4.21.2",
        licence="MIT",
        language="javascript",
        suffix=".js",
    ),
    Package(
        registry="npm",
        name="commander",
        version="12.1.0",
        licence="MIT",
        language="javascript",
        suffix=".js",
    ),
    Package(
        registry="debian",
        name="golang-github-gorilla-mux-dev",
        version="",
        licence="BSD-3-Clause",
        language="go",
        suffix=".go",
    ),
    Package(
        registry="debian",
        name="golang-github-spf13-pflag-dev",
        version="",
        licence="BSD-3-Clause",
        language="go",
        suffix=".go",
    ),
    Package(
        registry="debian",
        name="librust-semver-dev",
        version="",
        licence="MIT OR Apache-2.0",
        language="rust",
        suffix=".rs",
    ),
    Package(
        registry="debian",
        name="librust-textwrap-dev",
        version="",
        licence="MIT",
        language="rust",
        suffix=".rs",
    ),
)


@frozen(kw_only=True)
class FetchedSources:
    """What came of a package."""

    package: Package
    version: str
    files: int


def fetch(package: Package, folder: Path) -> FetchedSources:
    """Put a package's sources into ``folder``, and its Markdown files next to other packages'.

    Raises:
        OSError, subprocess.CalledProcessError: It cannot be fetched.
    """
    with TemporaryDirectory() as name:
        place = Path(name)
        archive = download(package.registry, package.name, package.version, place)
        unpacked = place / "unpacked"
        unpack(archive, unpacked)
        count = copy_sources(unpacked, folder / package.language / package.name, package.suffix)
        copy_sources(unpacked, folder / "markdown" / package.name, _TEXTS)
        return FetchedSources(package=package, version=_version(package, archive), files=count)


def _version(package: Package, archive: Path) -> str:
    return package.version or archive.name.split("_")[1]


def _fetch_all(packages: Sequence[Package], folder: Path) -> list[FetchedSources]:
    fetched = []
    for package in packages:
        sys.stderr.write(f"{package.name} …\n")
        fetched.append(fetch(package, folder))
    return fetched


def main() -> None:
    """Fetch all packages, and write down what came."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    fetched = _fetch_all(PACKAGES, folder)
    listed = [{**asdict(each.package), "version": each.version, "files": each.files}
              for each in fetched]  # fmt: skip
    (folder / "sources.json").write_text(json.dumps(listed, indent=2) + "\n", "utf-8")


if __name__ == "__main__":
    main()
