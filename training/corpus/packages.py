"""A package, its files, and the fixed rule that holds some packages out."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Final, Literal

Registry = Literal["python", "pip", "npm", "deb", "debian"]
"""Where a package comes from: "python" is the standard library, "debian" has source packages."""
STDLIB_PACKAGES_HELD_OUT: Final = frozenset({"email", "http", "logging"})
DISTRIBUTIONS_HELD_OUT: Final = frozenset({"click", "jinja2", "requests"})
"""Python's were chosen before the first training run; the split is by package, never by line."""
HELD_OUT_IN: Final = 20
"""Of so many families of npm's and Debian's packages, about one is held out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """One origin of training or held-out text."""

    registry: Registry
    name: str
    version: str
    licence: str
    held_out: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """One file: its package, its path inside it, its language, its text with LF endings."""

    package: Package
    path: str
    language: str
    text: str


def is_held_out(registry: Registry, name: str) -> bool:
    """Whether a package is for evaluation only: a property of its family's name alone."""
    if registry == "pip":
        return name.lower() in DISTRIBUTIONS_HELD_OUT
    digest = hashlib.blake2b(family(name).encode(), digest_size=8).digest()
    return int.from_bytes(digest) % HELD_OUT_IN == 0


def family(name: str) -> str:
    """Return what packages of one project share: an npm scope, or a Go package's owner."""
    if name.startswith("@"):
        return name.split("/", maxsplit=1)[0]
    if name.startswith("golang-"):
        return "-".join(name.split("-")[:3])
    return name
