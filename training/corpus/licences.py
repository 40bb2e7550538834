"""The licence record: each package that was learned from or held out, as tab-separated values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from training.corpus.store import Entry

COLUMNS: Final = (
    "registry", "package", "version", "licence", "languages", "files", "million characters",
    "held out",
)  # fmt: skip


def as_tsv(entries: Iterable[Entry]) -> str:
    """Return the record with a header; the held-out packages come last."""
    ordered = sorted(entries, key=lambda entry: entry.package.held_out)
    return "".join("\t".join(cells) + "\n" for cells in (COLUMNS, *map(_cells, ordered)))


def _cells(entry: Entry) -> tuple[str, ...]:
    package = entry.package
    return (
        package.registry,
        package.name,
        package.version,
        package.licence,
        " ".join(sorted(entry.files)),
        str(sum(entry.files.values())),
        f"{sum(entry.characters.values()) / 1e6:.2f}",
        "yes" if package.held_out else "no",
    )
