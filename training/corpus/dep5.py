"""The licence of each file by a machine-readable ``debian/copyright`` (DEP 5)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate
from typing import Final

FORMAT: Final = re.compile(
    r"^Format(?:-Specification)?:.*copyright-format|^Format:.*dep5", re.MULTILINE
)
_FIELD: Final = re.compile(r"^([\w-]+):[ \t]*(.*(?:\n[ \t].*)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Stanza:
    """The files that a pattern describes, and their licence's short name."""

    files: re.Pattern[str]
    licence: str
    is_packaging: bool
    """Whether it describes files of the packaging only."""


def stanzas(text: str) -> list[Stanza]:
    """Return the file stanzas in their order; none if the text is not machine-readable."""
    if not FORMAT.search(text[:2000]):
        return []
    found = []
    for paragraph in re.split(r"\n\s*\n", text):
        fields = dict(_FIELD.findall(paragraph))
        if "Files" in fields and "License" in fields:
            globs = fields["Files"].split()
            patterns = re.compile("|".join(map(translate, globs)))
            licence = fields["License"].split("\n", 1)[0].strip()
            is_packaging = all(glob.startswith("debian/") for glob in globs)
            found.append(Stanza(patterns, licence, is_packaging))
    return found


def licence_of(path: str, found: list[Stanza]) -> str:
    """Return the licence of a file: that of the last stanza which describes it; "" if none does."""
    return next((s.licence for s in reversed(found) if s.files.match(path)), "")
