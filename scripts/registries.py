"""Downloads packages' sources through their registries' own clients, and unpacks them.

Nothing is built or run.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

_SKIPPED: Final = frozenset(
    {"test", "tests", "testdata", "_vendor", "vendor", "node_modules", "dist"}
)
_NO_PROSE: Final = re.compile(r"changelog|history|licen[cs]e", re.IGNORECASE)
"""Markdown files that are lists, or law."""


def download(registry: str, name: str, version: str, place: Path) -> Path:
    """Download one release into a folder, and return its archive.

    Args:
        registry: "pypi", "npm" or "debian".
        name: The package's.
        version: "" for Debian: the one that the machine's release has.
        place: An empty folder.

    Raises:
        OSError, subprocess.CalledProcessError: It cannot be fetched.
    """
    (archive,) = _REGISTRIES[registry](name, version, place)
    return archive


def unpack(archive: Path, to: Path) -> None:
    """Unpack what `download` returned into a folder."""
    if archive.suffix == ".whl":
        shutil.unpack_archive(archive, to, "zip")
    elif archive.suffix == ".tgz":
        with tarfile.open(archive) as tar:
            tar.extractall(to, filter="data")
    else:
        _run(archive.parent, "dpkg-deb", "-x", str(archive), str(to))


def copy_sources(source: Path, to: Path, suffix: str) -> int:
    """Copy files with a suffix, without tests, bundles and links; return their number."""
    count = 0
    for file in sorted(source.rglob(f"*{suffix}")):
        inner = file.relative_to(source)
        is_test = "test" in file.stem.lower() or not _SKIPPED.isdisjoint(inner.parts)
        if is_test or _NO_PROSE.search(file.stem) or file.is_symlink() or not file.is_file():
            continue
        target = to / inner
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, target)
        count += 1
    return count


def _from_pypi(name: str, version: str, place: Path) -> Iterable[Path]:
    _run(place, sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--only-binary=:all:",
         f"{name}=={version}")  # fmt: skip
    return place.glob("*.whl")


def _from_npm(name: str, version: str, place: Path) -> Iterable[Path]:
    _run(place, "npm", "pack", "--silent", f"{name}@{version}")
    return place.glob("*.tgz")


def _from_debian(name: str, _: str, place: Path) -> Iterable[Path]:
    _run(place, "apt-get", "-qq", "-o", "APT::Sandbox::User=root", "download", name)
    return place.glob("*.deb")


_REGISTRIES: Final[dict[str, Callable[[str, str, Path], Iterable[Path]]]] = {
    "pypi": _from_pypi,
    "npm": _from_npm,
    "debian": _from_debian,
}


def _run(folder: Path, *command: str) -> None:
    subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
