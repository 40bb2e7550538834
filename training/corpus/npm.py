"""Source files of npm packages, with the licence that ``package.json`` names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from training.corpus import archives
from training.corpus.languages import language_of, may_be_learned
from training.corpus.packages import Package, SourceFile, is_held_out
from training.corpus.permissive import permits

MANIFEST: Final = "package.json"


def files(archive: Path) -> Iterator[SourceFile]:
    """Yield the source files of a package; none if its licence does not permit the use."""
    texts = dict(archives.below_top(archive, lambda path: path == MANIFEST or may_be_learned(path)))
    package = package_of(texts.pop(MANIFEST, "{}"))
    if package is None:
        return
    for path in sorted(texts):
        if language := language_of(path, texts[path]):
            yield SourceFile(package=package, path=path, language=language, text=texts[path])


def package_of(manifest: str) -> Package | None:
    """Return what ``package.json`` says; None if its licence does not permit the use."""
    about = json.loads(manifest)
    licence = _licence(about.get("license") or about.get("licenses") or "")
    if not permits(licence):
        return None
    return Package(
        registry="npm",
        name=about["name"],
        version=about["version"],
        licence=licence,
        held_out=is_held_out("npm", about["name"]),
    )


def _licence(value: Any) -> str:
    """Return a licence as text; older packages have an object, or a list of them."""
    if isinstance(value, list):
        return " AND ".join(map(_licence, value))
    return str(value.get("type", "")) if isinstance(value, dict) else str(value)
