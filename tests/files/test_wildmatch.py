"""Wildcards match as in git, in time that does not depend on the pattern."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.files.wildmatch import MalformedError, wildmatch

if TYPE_CHECKING:
    from typing_extensions import Buffer


def matches(pattern: str, name: str, *, ignore_case: bool = False) -> bool:
    return wildmatch(pattern.encode(), ignore_case=ignore_case)(name.encode())


# From the tests of git's own wildmatch, with paths.
@pytest.mark.parametrize(
    ("pattern", "name", "expected"),
    [
        ("foo", "foo", True),
        ("f*", "foo", True),
        ("*", "foo", True),
        ("*f", "foo", False),
        ("*foo*", "foo", True),
        ("*ob*a*r*", "foobar", True),
        (r"foo\*", "foo*", True),
        ("*[al]?", "ball", True),
        ("[ten]", "ten", False),
        ("t[a-g]n", "ten", True),
        ("t[!a-g]n", "ten", False),
        ("t[^a-g]n", "ton", True),
        ("a[]]b", "a]b", True),
        ("a[]-]b", "a-b", True),
        ("a[]a-]b", "aab", True),
        ("]", "]", True),
        ("foo*bar", "foo/baz/bar", False),
        ("foo**bar", "foo/baz/bar", False),
        ("foo/**/bar", "foo/bar", True),
        ("foo/**/**/bar", "foo/b/a/z/bar", True),
        ("foo/**/**/bar", "foo/bar", True),
        ("foo?bar", "foo/bar", False),
        ("foo[/]bar", "foo/bar", False),
        ("f[^eiu][^eiu][^eiu][^eiu][^eiu]r", "foo/bar", False),
        ("**/foo", "bar/baz/foo", True),
        ("**/foo", "foo", True),
        ("**/foo", "afoo", False),
        ("a/**/foo", "a/bfoo", False),
        ("*/foo", "bar/baz/foo", False),
        ("**/bar*", "foo/bar/baz", False),
        ("**/bar/*/*", "deep/foo/bar/baz/x", True),
        ("[a-c]b*", "abc", True),
        (r"[\]]", "]", True),
        (r"[\\-^]", "]", True),
        (r"[\-_]", "-", True),
        ("[]", "a", False),
        ("[!", "ab", False),
        ("[-", "ab", False),
        ("[--A]", "-", True),
        ("[ --]", "$", True),
        ("[---]", "-", True),
        ("[a-e-n]", "j", False),
        ("[a-e-n]", "-", True),
        ("[[:alpha:]][[:digit:]][[:upper:]]", "a1B", True),
        ("[[:digit:][:upper:][:space:]]", "1", True),
        ("[[:digit:][:upper:][:spaci:]]", "1", False),
        ("[a-c[:digit:]x-z]", "5", True),
        ("[[:a]", ":", True),
        ("\\", "\\", False),
        (r"\[ab]", "[ab]", True),
        ("?é", "aé", True),
        ("?", "é", False),
    ],
)
def test_a_pattern_matches_as_in_git(pattern: str, name: str, *, expected: bool):
    try:
        found = matches(pattern, name)
    except MalformedError:
        found = False
    assert found is expected


def test_case_can_be_ignored():
    assert matches("Build/[a-c]*", "bUILD/Bx", ignore_case=True)
    assert not matches("Build", "build")


class Counted(bytes):
    """A name that counts how many of its bytes are read."""

    read = 0

    def translate(self, table: Buffer | None, /, delete: Buffer = b"") -> bytes:
        return Counted(bytes.translate(self, table, delete))

    def __iter__(self) -> Iterator[int]:
        for byte in bytes.__iter__(self):
            Counted.read += 1
            yield byte


@given(st.text(alphabet="*a?/b[]!-", max_size=200), st.integers(0, 2_000))
def test_each_byte_of_a_name_is_read_once(pattern: str, length: int):
    Counted.read = 0
    try:
        wildmatch(pattern.encode(), ignore_case=False)(Counted(b"a" * length))
    except MalformedError:
        return
    assert Counted.read <= length


def test_a_pattern_that_would_backtrack_for_ever_is_decided():
    assert not matches("*a" * 200 + "b", "a" * 4_000)
    assert not matches("**/a*" * 200 + "/b", "a/" * 2_000)
