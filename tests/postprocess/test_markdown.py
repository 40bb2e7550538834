"""Markdown from a model, made safe to show."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leanwide.postprocess.markdown import missing_fence, printable


@pytest.mark.parametrize(
    ("text", "end"),
    [
        ("", ""),
        ("plain", ""),
        ("```python\nx\n```", ""),
        ("```python\nx", "\n```\n"),
        ("```python\nx\n", "```\n"),
        ("````\n```\n", "````\n"),
        ("~~~\n```", "\n~~~\n"),
        ("```\na\n```\n\n```js\nb\n", "```\n"),
        ("```\na\n```python\n", "```\n"),
        ("inline ``` is no fence", ""),
        ("    ```\nindented code is none either", ""),
    ],
)
def test_an_open_code_block_is_closed(text, end):
    assert missing_fence(text) == end


@given(st.lists(st.sampled_from(["```", "````", "~~~", "\n", "x", "```python", " "])).map("".join))
def test_a_closed_code_block_needs_no_fence(text):
    assert missing_fence(text + missing_fence(text)) == ""


def test_control_characters_are_dropped():
    assert printable("a\x1b[31mb\x07\r\n\tc\x9bd\x00") == "a[31mb\n\tcd"
    assert printable("é 🙂 你好") == "é 🙂 你好"
