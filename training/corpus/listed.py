"""The lists of packages to fetch, and where the archive of each lies."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.corpus.packages import Registry, is_held_out

LISTS: Final = Path(__file__).with_name("lists")
SEPARATORS: Final[dict[Registry, str]] = {"pip": "==", "npm": "@", "deb": "=", "debian": "="}
"""What stands between name and version; each list is in the form that its client takes."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A package to fetch."""

    registry: Registry
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}{SEPARATORS[self.registry]}{self.version}"

    @property
    def held_out(self) -> bool:
        """Whether it is for evaluation only."""
        return is_held_out(self.registry, self.name)

    def archive(self, corpus: Path) -> Path | None:
        """Return its archive below ``corpus``; None if it has not been fetched."""
        found = sorted((corpus / self.registry).glob(self._pattern()))
        return found[0] if found else None

    def _pattern(self) -> str:
        if self.registry == "npm":
            return f"{self.name.removeprefix('@').replace('/', '-')}-{self.version}.tgz"
        if self.registry == "debian":
            return f"{self.name}_{self.version.partition(':')[2] or self.version}.dsc"
        if self.registry == "deb":
            return f"{self.name}_{self.version.replace(':', '%3a')}_*.deb"
        name = re.sub(r"[-_.]+", "_", self.name)
        letters = (f"[{c.lower()}{c.upper()}]" if c.isalpha() else c for c in name)
        return f"{''.join(letters).replace('_', '[-_.]')}-{self.version}-*.whl"


def read(registry: Registry) -> list[Listed]:
    """Read a registry's list; lines that start with ``#`` are comments."""
    lines = (LISTS / f"{registry}.txt").read_text().split("\n")
    named = (line.strip() for line in lines if line.strip() and not line.startswith("#"))
    return [Listed(registry, *line.rsplit(SEPARATORS[registry], 1)) for line in named]
