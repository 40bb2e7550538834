"""The licence record ``training/sources.tsv``: each package that was learned from or held out."""

from __future__ import annotations

from typing import Any, Final

COLUMNS: Final = ("package", "version", "licence", "files", "million characters", "held out")


def as_tsv(packages: list[dict[str, Any]]) -> str:
    """Return the record as tab-separated values with a header; the held-out packages come last.

    ``packages`` are the rows of ``packages.json``, which ``training.data.dataset`` writes.
    """
    ordered = sorted(packages, key=lambda package: package["held_out"])
    return "".join("\t".join(cells) + "\n" for cells in (COLUMNS, *map(_cells, ordered)))


def _cells(package: dict[str, Any]) -> tuple[str, ...]:
    return (
        package["name"],
        package["version"],
        package["licence"],
        str(package["files"]),
        f"{package['characters'] / 1e6:.2f}",
        "yes" if package["held_out"] else "no",
    )
