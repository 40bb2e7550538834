"""The licence record: what it says of each package, and whether every licence permits the use."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from training.corpus import licences
from training.corpus.packages import DISTRIBUTIONS_HELD_OUT, STDLIB_PACKAGES_HELD_OUT, Package
from training.corpus.permissive import permits
from training.corpus.store import Entry

RECORD = Path(__file__).parents[2] / "training/sources.tsv"


def recorded() -> list[dict[str, str]]:
    with RECORD.open(newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def test_the_record_names_only_licences_that_permit_the_use() -> None:
    for row in recorded():
        assert permits(row["licence"]), row


def test_the_record_marks_what_was_held_out() -> None:
    held_out = {row["package"].lower() for row in recorded() if row["held out"] == "yes"}

    standard = {f"python/{name}" for name in STDLIB_PACKAGES_HELD_OUT}
    assert held_out == standard | DISTRIBUTIONS_HELD_OUT


@pytest.mark.parametrize(
    "licence",
    ["MIT", "Apache-2.0 AND MIT", "BSD-3-clause", "Expat", "BSL-1.0", "(MIT OR Apache-2.0)", "ISC"],
)
def test_permissive_licences_are_accepted(licence):
    assert permits(licence)


@pytest.mark.parametrize(
    "licence",
    [
        "", "MPL-2.0 AND MIT", "GNU LGPL", "Mozilla Public License", "GPL-2+ or MIT", "UNLICENSED",
        "BSL-1.1", "EPL-2.0", "SEE LICENSE IN LICENSE.md", "BSD-4-clause", "CC-BY-NC-4.0",
    ],
)  # fmt: skip
def test_copyleft_and_conditions_on_use_are_refused(licence):
    assert not permits(licence)


def entry(*, held_out: bool) -> Entry:
    package = Package(registry="npm", name="a", version="1.0", licence="MIT", held_out=held_out)
    return Entry(package, {"go": 1, "c": 2}, {"go": 1_000_000, "c": 240_000})


def test_a_package_becomes_a_row_of_the_record() -> None:
    table = licences.as_tsv([entry(held_out=True), entry(held_out=False)])

    header, learned, held_out = table.splitlines()
    assert header == "\t".join(licences.COLUMNS)
    assert learned == "npm\ta\t1.0\tMIT\tc go\t3\t1.24\tno"
    assert held_out == "npm\ta\t1.0\tMIT\tc go\t3\t1.24\tyes"
