"""Fetches packages from Debian into a folder; nothing is installed on the machine."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

_KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"


def fetch(
    suite: str,
    packages: Sequence[str],
    folder: Path,
    finish: Callable[[], None] = lambda: None,
) -> None:
    """Unpack a suite's packages, with all that they need, into ``folder``, unless they are there.

    ``finish`` is called after they are unpacked.

    Raises:
        RuntimeError: They cannot be fetched; the message says why.
    """
    wanted, ready = " ".join((suite, *packages)), folder / ".packages"
    if ready.exists() and ready.read_text() == wanted:
        return
    _check_machine()
    folder.parent.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    with TemporaryDirectory(dir=folder.parent) as root:
        for package in _download(suite, packages, Path(root)):
            run("dpkg-deb", "-x", str(package), str(folder))
    finish()
    ready.write_text(wanted)


def own_suite() -> str:
    """Return the name of this machine's own release, such as ``bookworm``."""
    return platform.freedesktop_os_release().get("VERSION_CODENAME", "")


def mirror() -> str:
    """Return the address of the archive that this machine's own packages come from.

    Raises:
        RuntimeError: It has none.
    """
    listed = run("apt-get", "indextargets", "--format", "$(REPO_URI)").split()
    archives = [uri for uri in listed if uri.rstrip("/").endswith("/debian")]
    if not archives:
        raise RuntimeError(
            "these tests fetch programs from Debian: apt-get knows no Debian archive"
        )
    return archives[0]


def run(*command: str) -> str:
    """Run a program to its end and return its output.

    Raises:
        RuntimeError: It fails; the message has what it said.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise RuntimeError(f"what a test needs cannot be installed: {' '.join(command)}\n{said}")
    return done.stdout


def _check_machine() -> None:
    """Raise an error that names what is missing on this machine."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise RuntimeError("these tests fetch programs from Debian, for Linux on x86-64 only")
    missing = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    if missing or not Path(_KEYRING).exists():
        raise RuntimeError(
            "these tests fetch programs with Debian's own tools, without changing the machine: "
            f"missing is {', '.join(missing) or _KEYRING} (run them on Debian, or install the "
            "packages apt, dpkg and debian-archive-keyring)"
        )


def _download(suite: str, packages: Sequence[str], root: Path) -> list[Path]:
    """Resolve and download a suite's packages, as if nothing were installed."""
    for name in ("preferences.d", "lists/partial", "archives/partial"):
        (root / name).mkdir(parents=True)
    (root / "status").touch()
    (root / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {mirror()} {suite} main\n")
    options = {
        "Dir::Etc::sourcelist": root / "sources.list",
        "Dir::Etc::sourceparts": root / "preferences.d",
        "Dir::Etc::preferencesparts": root / "preferences.d",
        "Dir::State::lists": root / "lists",
        "Dir::State::status": root / "status",
        "Dir::Cache": root,
        "Acquire::Languages": "none",
        "Acquire::Retries": 3,
        "APT::Architecture": "amd64",
        "APT::Install-Recommends": 0,
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": 1,
    }
    apt = ["apt-get", "-qq", *(part for pair in options.items() for part in _option(*pair))]
    run(*apt, "update")
    run(*apt, "install", "--yes", "--download-only", *packages)
    return sorted((root / "archives").glob("*.deb"))


def _option(name: str, value: object) -> tuple[str, str]:
    return "-o", f"{name}={value}"
