"""Copies of held-out files never reach the training set."""

from __future__ import annotations

import pytest
from training.corpus.copies import without_copies
from training.corpus.packages import Package, SourceFile, family, is_held_out

BODY = "".join(f"def function_{n}(argument):\n    return argument + offset_{n}\n" for n in "abcdef")


def file(name: str, text: str) -> SourceFile:
    package = Package(registry="pip", name=name, version="1", licence="MIT", held_out=False)
    return SourceFile(package=package, path="a.py", language="python", text=text)


def test_the_first_of_two_copies_stays():
    first, changed = file("a", BODY), file("b", BODY + "\n# copied\n")

    assert list(without_copies([first, changed])) == [first]


def test_a_file_that_shares_half_of_its_lines_stays():
    first = file("a", BODY)
    other = file("b", BODY.replace("return argument + offset_", "return offset_ - argument * "))

    assert list(without_copies([first, other])) == [first, other]


@pytest.mark.parametrize(
    ("name", "relative"),
    [
        ("@scope/one", "@scope/two"),
        ("golang-github-owner-one-dev", "golang-github-owner-two-dev"),
    ],
)
def test_packages_of_one_project_are_held_out_together(name, relative):
    assert family(name) == family(relative)
    assert is_held_out("npm", name) == is_held_out("npm", relative)


def test_one_family_in_twenty_is_held_out():
    held_out = sum(is_held_out("npm", f"package-{number}") for number in range(2000))

    assert 70 < held_out < 130
