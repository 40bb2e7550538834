"""A configuration of apt that knows source packages, without a change to the machine's own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Final

MACHINE: Final = Path("/etc/apt")


def source_types(text: str) -> str:
    """Return a file of apt's sources with source packages in place of binary ones."""
    text = re.sub(r"^Types:.*$", "Types: deb-src", text, flags=re.MULTILINE)
    return re.sub(r"^deb(?=\s)", "deb-src", text, flags=re.MULTILINE)


def configured(folder: Path) -> Path:
    """Write a configuration into ``folder`` and fetch the lists of source packages; return it."""
    folder = folder.resolve()
    parts = folder / "sources"
    for needed in (parts, folder / "lists/partial", folder / "cache/archives/partial"):
        needed.mkdir(parents=True, exist_ok=True)
    listed = [MACHINE / "sources.list", *sorted((MACHINE / "sources.list.d").iterdir())]
    for file in listed:
        if file.suffix in (".list", ".sources") and file.is_file():
            (parts / file.name).write_text(source_types(file.read_text()))
    configuration = folder / "apt.conf"
    configuration.write_text(
        f'Dir::State::Lists "{folder}/lists";\n'
        f'Dir::Cache "{folder}/cache";\n'
        f'Dir::Etc::sourcelist "/dev/null";\n'
        f'Dir::Etc::sourceparts "{parts}";\n'
    )
    subprocess.run(["apt-get", "-qq", "update"], env={"APT_CONFIG": str(configuration)}, check=True)
    return configuration
