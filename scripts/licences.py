"""Writes docs/licences.md: the licence of everything that an installed leanwide contains.

    licences.py [--check]

Python packages are those that this environment has for leanwide with all extras, by their own
metadata; those of the VS Code client are in its lock file. With --check nothing is written, and
exit code 1 says that the page lacks a line. It may have more: other platforms need other packages.
"""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageMetadata, distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "licences.md"
LOCK = ROOT / "editors" / "vscode" / "package-lock.json"
SPDX = {
    "License :: OSI Approved :: MIT License": "MIT",
    "License :: OSI Approved :: BSD License": "BSD",
    "License :: OSI Approved :: Apache Software License": "Apache-2.0",
    "License :: OSI Approved :: ISC License (ISCL)": "ISC",
}
HEAD = """\
# Licences

leanwide and the model that ships with it are under Apache-2.0. This page lists what an
installation brings besides; `make licences` writes it from the packages' own metadata, and a test
compares it.

## llama.cpp

llama.cpp and ggml, MIT, are compiled into the package `llama-cpp-python`.

## Python packages

With the extra `models`. The packages `tree-sitter-…` are the grammars.
"""
CLIENT = """
## The VS Code client

Packages that are bundled into the extension.
"""


class UnknownLicenceError(Exception):
    """The metadata of a package does not say its licence in a way that is known."""


def main(arguments: list[str]) -> int:
    """Write or check the page; return the exit code."""
    text = page()
    if arguments != ["--check"]:
        PAGE.write_text(text, "utf-8")
        return 0
    known = set(PAGE.read_text("utf-8").splitlines())
    missing = [line for line in text.splitlines() if line not in known]
    if missing:
        print(
            "docs/licences.md lacks, so run `make licences`:", *missing, sep="\n", file=sys.stderr
        )
    return 1 if missing else 0


def page() -> str:
    """Return the page for this environment.

    Raises:
        UnknownLicenceError: A package's licence has to be read by a person.
    """
    python = {name: licence(found.metadata) for name, found in installed().items()}
    return HEAD + table(python) + CLIENT + table(bundled())


def table(licences: dict[str, str]) -> str:
    """Return a Markdown table."""
    rows = (f"| {name} | {licences[name]} |" for name in sorted(licences))
    return "\n".join(("", "| package | licence |", "|---|---|", *rows, ""))


def installed() -> dict[str, Distribution]:
    """Return all that leanwide needs in this environment, by their canonical names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(need for needs in extras for need in needs)]
    found: dict[str, Distribution] = {}
    while wanted:
        need = Requirement(wanted.pop())
        if (name := canonicalize_name(need.name)) not in found:
            found[name] = distribution(name)
            wanted += needs(found[name], ("", *need.extras))
    return found


def needs(package: Distribution, extras: tuple[str, ...]) -> Iterator[str]:
    """Yield what a package needs here with some of its extras; "" is none."""
    for line in package.requires or []:
        marker = Requirement(line).marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in extras):
            yield line


def licence(metadata: PackageMetadata) -> str:
    """Return a package's licence as an SPDX expression, or its family where it says no more.

    Raises:
        UnknownLicenceError: It says neither.
    """
    if "License-Expression" in metadata:
        return metadata["License-Expression"]
    classified = [SPDX[text] for text in metadata.get_all("Classifier") or [] if text in SPDX]
    text = next(iter(metadata.get_all("License") or []), "")
    if not classified and text and "\n" not in text:
        return text
    if len(classified) != 1:
        raise UnknownLicenceError(f"{metadata['Name']}: its licence is not known: {classified}")
    return classified[0]


def bundled() -> dict[str, str]:
    """Return the licences of the npm packages that are bundled, by name."""
    packages = json.loads(LOCK.read_text("utf-8"))["packages"]
    return {
        path.rpartition("node_modules/")[2]: facts["license"]
        for path, facts in packages.items()
        if path and not facts.get("dev")
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
