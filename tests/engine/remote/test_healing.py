"""What token healing asks of a server."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.engine.remote.healing import beginning, pattern, taken_back


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ([b"x", b" =", b" ret", b"u"], (2, " retu")),
        ([b"x", b".", b"na"], (1, "na")),
        ([b"def"], (1, "def")),
        ([b"x", b"\n"], (0, "")),
        ([b"x", b"\xe2\x82"], (0, "")),
        ([], (0, "")),
    ],
)
def test_the_tokens_of_the_last_word_are_taken_back(pieces: list[bytes], expected: object):
    assert taken_back(pieces) == expected


def test_after_blanks_come_no_more_blanks():
    assert beginning(" ") == 'root ::= "\\U00000020" ([^ \\t] .*)?'


def test_a_word_is_followed_by_anything():
    assert beginning('a"é') == 'root ::= "a\\U00000022\\U000000E9" (.*)?'


@given(needed=st.text(min_size=1), rest=st.text())
def test_a_pattern_says_what_the_answer_begins_with(needed: str, rest: str):
    blank = not needed.strip(" \t")
    fits = not blank or not rest.startswith((" ", "\t"))
    assert bool(re.fullmatch(pattern(needed), needed + rest)) == fits
    assert not re.fullmatch(pattern(needed), needed[:-1])
