"""The files that the model learns from, their licences, and the packages that are held out."""

from __future__ import annotations

import hashlib
import re
import sysconfig
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Final

STDLIB_PACKAGES_HELD_OUT: Final = frozenset({"email", "http", "logging"})
DISTRIBUTIONS_HELD_OUT: Final = frozenset({"click", "jinja2", "requests"})
"""Chosen before the first training run; the split is by package, never by line."""

DISTRIBUTIONS: Final = (
    "anyio", "click", "contourpy", "filelock", "fonttools", "fsspec", "gguf", "h11",
    "httpcore2", "httpx2", "huggingface-hub", "idna", "jinja2", "matplotlib", "mpmath", "mypy",
    "networkx", "numpy", "packaging", "pip", "pluggy", "pygments", "pyparsing", "pytest",
    "python-dateutil", "PyYAML", "requests", "rich", "safetensors", "setuptools", "sympy",
    "tokenizers", "torch", "transformers", "typer", "urllib3",
)  # fmt: skip
"""Distributions in the training environment whose licences permit the use."""

PERMISSIVE: Final = re.compile(
    r"MIT|BSD|Apache|PSF|Python Software Foundation|ISC|HPND|Unlicense", re.IGNORECASE
)
COPYLEFT: Final = re.compile(r"GPL|MPL|EPL|CDDL|GNU|Mozilla", re.IGNORECASE)
SKIPPED_PARTS: Final = frozenset(
    {
        "test", "tests", "testing", "_test", "idle_test", "site-packages", "dist-packages",
        "lib2to3", "turtledemo", "ensurepip", "pydoc_data", "encodings", "__pycache__",
        "_vendor", "vendor", "vendored", "_vendored", "third_party", "externals", "extern",
        "testsuite", "test_data", "unicode_data", "lextab", "data", "include",
        *(f"_{name}" for name in DISTRIBUTIONS_HELD_OUT),  # copies in other packages
    }
)  # fmt: skip
SKIPPED_NAMES: Final = re.compile(r"^(test_.*|.*_test|.*_tests|conftest|.*_pb2|_?version)\.py$")
GENERATED: Final = re.compile(
    r"@generated|do not (edit|modify)|auto-?generated|automatically generated|"
    r"generated (by|from|automatically|file)",
    re.IGNORECASE,
)
MAX_BYTES: Final = 150_000
MAX_LINE: Final = 400
MAX_REPEATED: Final = 0.7
"""A file with a larger share of long lines that earlier files have is a copy."""


@dataclass(frozen=True, slots=True)
class Package:
    """One origin of training or held-out text."""

    name: str
    version: str
    licence: str
    held_out: bool


@dataclass(frozen=True, slots=True)
class SourceFile:
    """One Python file: its package, its path inside it, its text."""

    package: Package
    path: str
    text: str


def collect(distributions: Iterable[str], corpus: Path | None = None) -> list[SourceFile]:
    """Return every accepted file of the standard library and of some distributions, in fixed order.

    Distributions that are not installed are skipped, copies are left out. Every distribution that
    is installed in the folder ``corpus`` is read as well.
    """
    return list(without_copies(accepted(_every_file(distributions, corpus))))


def installed_in(corpus: Path) -> Iterator[SourceFile]:
    """Yield the files of a folder that pip filled, if their licences permit the use."""
    found = metadata.distributions(path=[str(corpus)])
    for distribution in sorted(found, key=lambda entry: entry.metadata["Name"].lower()):
        yield from _distribution_files(distribution)


def accepted(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """Yield the handwritten files: no data, tests or generated code."""
    return (file for file in files if is_handwritten(file.path, file.text))


def is_handwritten(path: str, text: str) -> bool:
    """Whether a file is neither vendored, test data, generated nor a table."""
    parts = Path(path).parts
    if SKIPPED_PARTS.intersection(parts) or SKIPPED_NAMES.match(parts[-1]):
        return False
    if not 200 < len(text) <= MAX_BYTES or GENERATED.search(text[:1500]):
        return False
    lines = text.splitlines()
    return max(map(len, lines)) <= MAX_LINE and not _is_table(text)


def without_copies(files: Iterable[SourceFile]) -> Iterator[SourceFile]:
    """Leave out files that consist mostly of long lines of earlier files.

    Held-out files come first, so that no copy of one can reach the training set.
    """
    ordered = sorted(files, key=lambda file: not file.package.held_out)
    seen: set[bytes] = set()
    for file in ordered:
        marks = _line_marks(file.text)
        if marks and len(marks & seen) <= MAX_REPEATED * len(marks):
            yield file
        seen |= marks


def packages(files: Iterable[SourceFile]) -> list[Package]:
    """Return the packages of ``files``, by name."""
    return sorted({file.package for file in files}, key=lambda package: package.name.lower())


def _line_marks(text: str) -> set[bytes]:
    long = (line.strip() for line in text.splitlines() if len(line.strip()) > 24)
    return {hashlib.blake2b(line.encode(), digest_size=8).digest() for line in long}


def _is_table(text: str) -> bool:
    literal = sum(character.isdigit() or character in ",\"'" for character in text)
    return literal > 0.22 * len(text)


def _every_file(distributions: Iterable[str], corpus: Path | None) -> Iterator[SourceFile]:
    yield from _stdlib_files()
    for name in distributions:
        with suppress(metadata.PackageNotFoundError):
            yield from _distribution_files(metadata.distribution(name))
    if corpus:
        yield from installed_in(corpus)


def _stdlib_files() -> Iterator[SourceFile]:
    root = Path(sysconfig.get_paths()["stdlib"])
    version = sysconfig.get_python_version()
    for path in sorted(root.rglob("*.py")):
        inside = path.relative_to(root)
        held_out = inside.parts[0] in STDLIB_PACKAGES_HELD_OUT
        name = f"python/{inside.parts[0]}" if held_out else "python"
        package = Package(name, version, "PSF-2.0", held_out)
        yield from _read(package, path, inside.as_posix())


def _distribution_files(distribution: metadata.Distribution) -> Iterator[SourceFile]:
    name = distribution.metadata["Name"]
    licence = _licence(distribution)
    if COPYLEFT.search(licence) or not PERMISSIVE.search(licence):
        return
    held_out = name.lower() in DISTRIBUTIONS_HELD_OUT
    package = Package(name, distribution.version, licence, held_out)
    for entry in sorted(distribution.files or (), key=str):
        if entry.suffix == ".py":
            yield from _read(package, Path(str(entry.locate())), entry.as_posix())


def _read(package: Package, path: Path, inside: str) -> Iterator[SourceFile]:
    try:
        yield SourceFile(package, inside, path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return


def _licence(distribution: metadata.Distribution) -> str:
    """Return the licence expression, else the classifiers, else the first line of the field."""
    about = distribution.metadata.json
    if expression := about.get("license_expression"):
        return str(expression)
    classified = [
        value.rsplit(" :: ", 1)[-1]
        for value in about.get("classifier", [])
        if value.startswith("License :: ")
    ]
    return ", ".join(classified) or str(about.get("license", "")).strip().split("\n")[0][:60]
