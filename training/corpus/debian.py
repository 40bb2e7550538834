"""Source files of Debian's source packages, each with the licence that debian/copyright names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from training.corpus import archives, dep5
from training.corpus.languages import language_of, may_be_learned
from training.corpus.packages import Package, SourceFile, is_held_out
from training.corpus.permissive import permits

COPYRIGHT: Final = "copyright"
_LISTED: Final = re.compile(r"^ [0-9a-f]{64} \d+ (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Description:
    """What a ``.dsc`` file says: the package, its version, its archives."""

    name: str
    version: str
    upstream: Path
    packaging: Path


def files(dsc: Path) -> Iterator[SourceFile]:
    """Yield the upstream files whose own licences permit the use; none if that is not told."""
    described = description(dsc)
    if described is None or not (described.upstream.exists() and described.packaging.exists()):
        return
    found = dep5.stanzas(_copyright(described))
    if not found:
        return
    accepted = [
        (member, licence)
        for member in archives.below_top(described.upstream, may_be_learned)
        if permits(licence := dep5.licence_of(member.path, found))
    ]
    package = Package(
        registry="debian",
        name=described.name,
        version=described.version,
        licence=", ".join(sorted({licence for _, licence in accepted})),
        held_out=is_held_out("debian", described.name),
    )
    for (path, text), _ in sorted(accepted):
        if language := language_of(path, text):
            yield SourceFile(package=package, path=path, language=language, text=text)


def description(dsc: Path) -> Description | None:
    """Read a ``.dsc`` file; None for a format without an archive of its own for the packaging."""
    text = dsc.read_text(encoding="utf-8", errors="replace")
    name, version = _field(text, "Source"), _field(text, "Version")
    listed = _LISTED.findall(text)
    upstream = next((file for file in listed if re.search(r"\.orig\.tar\.\w+$", file)), None)
    packaging = next((file for file in listed if re.search(r"\.debian\.tar\.\w+$", file)), None)
    if not (name and version and upstream and packaging):
        return None
    return Description(name, version, dsc.with_name(upstream), dsc.with_name(packaging))


def _copyright(described: Description) -> str:
    found = archives.below_top(described.packaging, lambda path: path == COPYRIGHT)
    return next((text for _, text in found), "")


def _field(text: str, name: str) -> str:
    found = re.search(rf"^{name}: (.*)$", text, re.MULTILINE)
    return found[1].strip() if found else ""
