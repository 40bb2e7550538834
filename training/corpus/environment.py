"""Files of the standard library and of the training environment's own distributions."""

from __future__ import annotations

import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Final

from training.corpus.languages import language_of, may_be_learned
from training.corpus.packages import STDLIB_PACKAGES_HELD_OUT, Package, SourceFile, is_held_out
from training.corpus.permissive import permits

DISTRIBUTIONS: Final = (
    "anyio", "click", "contourpy", "filelock", "fonttools", "fsspec", "gguf", "h11",
    "httpcore2", "httpx2", "huggingface-hub", "idna", "jinja2", "matplotlib", "mpmath", "mypy",
    "networkx", "numpy", "packaging", "pip", "pluggy", "pygments", "pyparsing", "pytest",
    "python-dateutil", "PyYAML", "requests", "rich", "safetensors", "setuptools", "sympy",
    "tokenizers", "torch", "transformers", "typer", "urllib3",
)  # fmt: skip
"""Distributions in the training environment that are read if they are installed."""


def stdlib_files() -> Iterator[SourceFile]:
    """Yield the standard library's files; each held-out package of it counts as a package."""
    root = Path(sysconfig.get_paths()["stdlib"])
    version = sysconfig.get_python_version()
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        held_out = inside.parts[0] in STDLIB_PACKAGES_HELD_OUT
        package = Package(
            registry="python",
            name=f"python/{inside.parts[0]}" if held_out else "python",
            version=version,
            licence="PSF-2.0",
            held_out=held_out,
        )
        yield from _read(package, path, inside.as_posix())


def installed_files(distributions: Iterable[str]) -> Iterator[SourceFile]:
    """Yield the files of those distributions that are installed and whose licences permit it."""
    for name in distributions:
        with suppress(metadata.PackageNotFoundError):
            yield from _distribution_files(metadata.distribution(name))


def licence_of(about: dict[str, str | list[str]]) -> str:
    """Return the licence expression, else the classifiers, else the first line of the field.

    ``about`` is a distribution's core metadata in the form of ``PackageMetadata.json``.
    """
    if expression := about.get("license_expression"):
        return str(expression)
    classified = [
        value.rsplit(" :: ", 1)[-1]
        for value in about.get("classifier", [])
        if value.startswith("License :: ")
    ]
    return ", ".join(classified) or str(about.get("license", "")).strip().split("\n")[0][:60]


def _distribution_files(distribution: metadata.Distribution) -> Iterator[SourceFile]:
    name = distribution.metadata["Name"]
    licence = licence_of(distribution.metadata.json)
    if not permits(licence):
        return
    package = Package(
        registry="pip",
        name=name,
        version=distribution.version,
        licence=licence,
        held_out=is_held_out("pip", name),
    )
    for entry in sorted(distribution.files or (), key=str):
        if may_be_learned(entry.as_posix()):
            yield from _read(package, Path(str(entry.locate())), entry.as_posix())


def _read(package: Package, path: Path, inside: str) -> Iterator[SourceFile]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if language := language_of(inside, text):
        yield SourceFile(package=package, path=inside, language=language, text=text)
