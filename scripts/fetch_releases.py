"""Fetches successive releases for ``leanwide bench next-edit``: ``fetch_releases.py FOLDER``.

There are two sets of ten packages: one that may be looked into while the search for next edits is
worked on, and with ``--held-out`` the one that figures are taken from.

Each release comes from its registry through the registry's own client (pip, npm), nothing is built
or run, and nothing of it belongs in this repository. ``FOLDER/LANGUAGE/PACKAGE/VERSION/`` gets the
sources without tests, and ``FOLDER/releases.json`` says what came, in the order of the releases,
and under which licence.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from attrs import asdict, frozen
from registries import copy_sources, download, unpack


@frozen(kw_only=True)
class Releases:
    """Successive releases of one package: the last patch of each minor version."""

    registry: str
    package: str
    licence: str
    """As the package states it."""
    language: str
    suffix: str
    versions: tuple[str, ...]


def _python(package: str, licence: str, *versions: str) -> Releases:
    return Releases(
        registry="pypi",
        package=package,
        licence=licence,
        language="python",
        suffix=".py",
        versions=versions,
    )


def _javascript(package: str, licence: str, *versions: str) -> Releases:
    return Releases(
        registry="npm",
        package=package,
        licence=licence,
        language="javascript",
        suffix=".js",
        versions=versions,
    )


OPEN_SET: Final = (
    _python("click", "BSD-3-Clause", "8.0.4", "8.1.8", "8.2.1", "8.3.3", "8.4.2", "8.5.1"),
    _python("flask", "BSD-3-Clause", "2.0.3", "2.1.3", "2.2.5", "2.3.3", "3.0.3", "3.1.3"),
    _python("httpx", "BSD-3-Clause", "0.23.3", "0.24.1", "0.25.2", "0.26.0", "0.27.2", "0.28.1"),
    _python("rich", "MIT", "13.5.3", "13.6.0", "13.7.1", "13.8.1", "13.9.4", "14.3.4", "15.0.0"),
    _python("werkzeug", "BSD-3-Clause", "2.0.3", "2.1.2", "2.2.3", "2.3.8", "3.0.6", "3.1.9"),
    _javascript("axios", "MIT", "1.6.8", "1.7.9", "1.8.4", "1.10.0", "1.12.2", "1.14.0", "1.16.1"),
    _javascript("commander", "MIT", "9.5.0", "10.0.1", "11.1.0", "12.1.0", "13.1.0", "14.0.3"),
    _javascript("express", "MIT", "4.18.3", "4.19.2", "4.20.0", "4.21.2", "5.1.0", "5.2.1"),
    _javascript("fastify", "MIT", "5.2.2", "5.4.0", "5.6.2", "5.8.5", "5.10.0", "5.12.8"),
    _javascript("ws", "MIT", "8.2.3", "8.5.0", "8.8.1", "8.12.1", "8.16.0", "8.18.3", "8.23.0"),
)

HELD_OUT: Final = (
    _python("attrs", "MIT", "21.4.0", "22.2.0", "23.2.0", "24.3.0", "25.4.0", "26.1.0"),
    _python("marshmallow", "MIT", "3.19.0", "3.20.2", "3.21.3", "3.22.0", "3.26.2", "4.4.0"),
    _python("requests", "Apache-2.0", "2.28.2", "2.29.0", "2.31.0", "2.32.5", "2.33.1", "2.34.2"),
    _python(
        "starlette", "BSD-3-Clause", "0.41.3", "0.44.0", "0.46.2", "0.48.0", "0.52.1", "1.10.0"
    ),
    _python("urllib3", "MIT", "1.26.20", "2.0.7", "2.2.3", "2.4.0", "2.6.3", "2.8.0"),
    _javascript("knex", "MIT", "1.0.7", "2.0.0", "2.3.0", "2.5.1", "3.1.0", "3.3.0"),
    _javascript("koa", "MIT", "2.13.4", "2.14.2", "2.15.4", "2.16.4", "3.0.3", "3.3.0"),
    _javascript("mocha", "MIT", "9.2.2", "10.2.0", "10.8.2", "11.3.0", "11.8.0", "12.0.3"),
    _javascript("pino", "MIT", "8.6.1", "8.12.1", "8.17.2", "8.21.0", "9.9.5", "10.4.0"),
    _javascript("undici", "MIT", "7.15.0", "7.18.2", "7.22.0", "7.26.0", "8.0.3", "8.13.1"),
)


def fetch(releases: Releases, folder: Path) -> None:
    """Put the sources of each release into a folder of its own below ``folder``.

    Raises:
        OSError, subprocess.CalledProcessError: A release cannot be fetched.
    """
    for version in releases.versions:
        with TemporaryDirectory() as name:
            place = Path(name)
            archive = download(releases.registry, releases.package, version, place)
            unpack(archive, place / "unpacked")
            to = folder / releases.language / releases.package / version
            copy_sources(place / "unpacked", to, releases.suffix)


def main() -> None:
    """Fetch all releases, and write down what came."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--held-out", action="store_true", help="the set for figures")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    chosen = HELD_OUT if given.held_out else OPEN_SET
    for releases in chosen:
        sys.stderr.write(f"{releases.package} …\n")
        fetch(releases, given.folder)
    listed = json.dumps([asdict(releases) for releases in chosen], indent=2)
    (given.folder / "releases.json").write_text(listed + "\n", "utf-8")


if __name__ == "__main__":
    main()
