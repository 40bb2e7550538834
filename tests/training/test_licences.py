"""The licence record: what it says of each package, and whether every licence permits the use."""

from __future__ import annotations

import csv
from pathlib import Path

from training.data import licences, sources

RECORD = Path(__file__).parents[2] / "training/sources.tsv"


def recorded() -> list[dict[str, str]]:
    with RECORD.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_record_names_only_licences_that_permit_the_use() -> None:
    for row in recorded():
        assert sources.PERMISSIVE.search(row["licence"]), row
        assert not sources.COPYLEFT.search(row["licence"]), row


def test_the_record_marks_what_was_held_out() -> None:
    held_out = {row["package"].lower() for row in recorded() if row["held out"] == "yes"}

    standard = {f"python/{name}" for name in sources.STDLIB_PACKAGES_HELD_OUT}
    assert held_out == standard | sources.DISTRIBUTIONS_HELD_OUT


def test_a_package_becomes_a_row_of_the_record() -> None:
    package = {"name": "a", "version": "1.0", "licence": "MIT", "files": 3, "characters": 1_240_000}

    table = licences.as_tsv([package | {"held_out": True}, package | {"held_out": False}])

    header, learned, held_out = table.splitlines()
    assert header == "\t".join(licences.COLUMNS)
    assert learned == "a\t1.0\tMIT\t3\t1.24\tno"
    assert held_out == "a\t1.0\tMIT\t3\t1.24\tyes"
