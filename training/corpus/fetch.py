"""Fetches the archives of all listed packages that are not there yet.

    python -m training.corpus.fetch

Each registry is asked through its own client, as it is set up on this machine: pip, npm, and apt
with source packages added. Nothing of a package is unpacked, installed or run.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from tqdm import tqdm

from training.corpus import apt, listed
from training.corpus.listed import Listed
from training.corpus.packages import Registry

COMMANDS: Final[dict[Registry, tuple[str, ...]]] = {
    "pip": (sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:"),
    "npm": ("npm", "pack", "--silent", "--ignore-scripts"),
    "deb": ("apt-get", "-qq", "download"),
    "debian": ("apt-get", "-qq", "source", "--download-only", "--only-source"),
}
AT_ONCE: Final[dict[Registry, int]] = {"pip": 20, "npm": 6, "deb": 40, "debian": 20}
"""Packages that one command fetches; some clients fetch none of them if one is missing."""


def fetch(packages: list[Listed], corpus: Path) -> list[Listed]:
    """Fetch packages of one registry; return those that the registry does not have.

    Those that a command for several did not bring are asked for one by one.
    """
    registry = packages[0].registry
    folder = corpus / registry
    folder.mkdir(parents=True, exist_ok=True)
    environment = dict(os.environ)
    if registry == "debian":
        environment["APT_CONFIG"] = str(apt.configured(corpus / "apt"))
    for at_once in (AT_ONCE[registry], 1):
        left = missing(packages, corpus)
        for first in tqdm(range(0, len(left), at_once), desc=registry):
            names = map(str, left[first : first + at_once])
            subprocess.run(
                [*COMMANDS[registry], *names],
                cwd=folder,
                env=environment,
                capture_output=True,
                check=False,  # what is missing is seen afterwards
            )
    return missing(packages, corpus)


def missing(packages: list[Listed], corpus: Path) -> list[Listed]:
    """Return the packages that were not fetched."""
    return [package for package in packages if package.archive(corpus) is None]


def main() -> None:
    """Fetch what is missing of each registry, and print what could not be had."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpus", type=Path, default=Path("training/out/corpus"))
    parser.add_argument("--registry", choices=COMMANDS, nargs="*", default=list(COMMANDS))
    given = parser.parse_args()
    for registry in given.registry:
        wanted = missing(listed.read(registry), given.corpus)
        left = fetch(wanted, given.corpus) if wanted else []
        print(f"{registry}: {len(left)} could not be fetched: {', '.join(map(str, left))}")


if __name__ == "__main__":
    main()
