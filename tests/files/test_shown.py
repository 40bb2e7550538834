"""Names and values of a workspace in messages."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.files.exclusions import Exclusions, text_exclusion_reason
from leanwide.files.reader import UnreadableFile
from leanwide.files.shown import first_few, shown, shown_value, unread_notice

ANY = st.text(st.characters(exclude_categories=()), max_size=1_000)


@given(ANY)
def test_a_name_in_a_message_is_short_and_has_no_control_characters(name: str):
    text = shown(name)
    assert len(text) <= 200 * 10
    assert not set(map(unicodedata.category, text)) & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    text.encode()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("größe.py", "größe.py"),
        ("a\x1b[31m\n.py", "a\\x1b[31m\\n.py"),
        ("a\u202egnp.py", "a\\u202egnp.py"),
        ("\udcff.py", "\\udcff.py"),
    ],
)
def test_invisible_characters_of_a_name_are_escaped(name: str, text: str):
    assert shown(name) == text


@pytest.mark.parametrize(
    "value", ["x" * 100_000, [[[[]]]], list(range(100_000)), {"a": 1}, True, 1.5, None]
)
def test_any_value_is_short_in_a_message(value: Any):
    assert len(shown_value(value)) < 300


def test_a_huge_number_is_no_error_in_a_message():
    assert shown_value(16**100_000) == "a very large number"


def test_the_first_few_names_are_listed_and_the_others_counted():
    assert first_few(["a", "b\n"]) == "a, b\\n"
    assert first_few(map(str, range(10_000))) == "0, 1, 2, 3, 4 and 9,995 others"


def test_unread_ignore_files_make_one_line():
    unread = [UnreadableFile(Path(f"/w/a\n{number}"), "is a link") for number in range(100)]
    line = unread_notice(unread)
    assert "\n" not in line
    assert "/w/a\\n0 is a link; " in line
    assert line.endswith("; and 95 others.")


def test_exclusion_reasons_show_a_files_name_harmlessly():
    for reason in (
        Exclusions("", ()).reason("/w/\x1b[2J.env"),
        Exclusions("/w", ("*",)).reason("/w/\x1b[2J.py"),
        text_exclusion_reason("\x1b[2J.py", ["\0"]),
    ):
        assert reason is not None
        assert "\x1b" not in reason
