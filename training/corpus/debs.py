"""Source files that Debian's binary packages carry, as those of Go and Rust libraries do."""

from __future__ import annotations

import io
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from training.corpus import archives, dep5
from training.corpus.languages import language_of, may_be_learned
from training.corpus.packages import Package, SourceFile, is_held_out
from training.corpus.permissive import permits

CARRIED: Final = re.compile(r"usr/(?:share/(?:gocode/src|cargo/registry)|include|src)/")
"""Where sources lie."""


def files(deb: Path) -> Iterator[SourceFile]:
    """Yield the sources of a package, if every licence in its ``debian/copyright`` permits the use.

    All licences count, because that file describes the tree that the package was built from.
    """
    name, version = deb.name.split("_")[:2]
    texts = dict(_members(deb, f"usr/share/doc/{name}/copyright"))
    licences = _licences(texts.pop(f"usr/share/doc/{name}/copyright", ""))
    if not licences or not all(map(permits, licences)):
        return
    package = Package(
        registry="deb",
        name=name,
        version=version.replace("%3a", ":"),
        licence=", ".join(licences),
        held_out=is_held_out("deb", name),
    )
    for path in sorted(texts):
        if language := language_of(path, texts[path]):
            inside = CARRIED.sub("", path)
            yield SourceFile(package=package, path=inside, language=language, text=texts[path])


def _members(deb: Path, licence: str) -> Iterator[archives.Member]:
    command = ["dpkg-deb", "--fsys-tarfile", str(deb)]
    whole = subprocess.run(command, capture_output=True, check=True).stdout
    return archives.tarred(
        io.BytesIO(whole),
        lambda path: path == licence or (bool(CARRIED.match(path)) and may_be_learned(path)),
    )


def _licences(text: str) -> list[str]:
    """Return the licences of upstream's files; the packaging's own do not count."""
    found = dep5.stanzas(text)
    return sorted({stanza.licence for stanza in found if not stanza.is_packaging})
