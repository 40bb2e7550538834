"""Markers, thoughts and fences around code."""

from __future__ import annotations

import pytest

from tests.shape.check import check

AT = "x = ‸\n"
MARKERS = [
    "<|fim_middle|>",
    "<|fim_prefix|>",
    "<|endoftext|>",
    "<|im_end|>",
    "<|im_start|>assistant",
    "<|end_of_text|>",
    "<|start_header_id|>",
    "<|file_sep|>",
    "<fim_middle>",
    "<file_sep>",
    "<repo_name>",
    "<end_of_turn>",
    "<EOT>",
    "<\uff5cfim\u2581hole\uff5c>",
    "<\uff5cend\u2581of\u2581sentence\uff5c>",
    "<|fim_mid",  # the answer was cut inside of it
    "<|im_end|",
]


@pytest.mark.parametrize("marker", MARKERS)
@pytest.mark.parametrize("language", ["python", "markdown", "html", ""])
def test_a_marker_ends_the_answer(marker: str, language: str):
    check(AT, f"1{marker}", "1", language)
    check(AT, marker, "", language)
    check(
        AT,
        f"1\ny = 2{marker}\nz = 3" if marker.endswith(">") else f"1\ny = 2{marker}",
        "1\ny = 2",
        language,
    )


@pytest.mark.parametrize(
    "says", ["a <b> c", "a < b | c > d", "a || b", "x |> f", "<s>old</s>", "|a|"]
)
def test_what_only_resembles_a_marker_stays(says: str):
    check("‸\n", says, says, "html")


THOUGHTS = [
    ("<think>one line</think>1", "1"),
    ("<think>\nmany\nlines\n</think>\n\n1", "1"),
    ("  <think></think>1", "  1"),
    ("<think>it never ends", ""),
    ("the prompt began it</think>\n1", "1"),
    ("1\n<think>now what?", "1"),
    ("1 <think>hm</think>+ 2", "1 + 2"),
    ("1 + think > 2", "1 + think > 2"),
]


@pytest.mark.parametrize(("says", "expected"), THOUGHTS)
def test_thoughts_are_dropped(says: str, expected: str):
    check("x=‸\n", says, expected)


FENCES = [
    ("```python\n1\n```", "1"),
    ("```\n1\n```\nThis sets x.", "1"),
    ("```python\n1", "1"),
    ("\n```python\n1\n```", "1"),
    ("1\n```", "1"),
    ("1\n```\n\nThis sets x to 1.", "1"),
    ("1```", "1"),
    ("1\n    ```\n", "1"),
    ("Here is the code:\n```python\n1\n```\nDone.", "1"),
    ("Sure!\n\n```typescript title='x'\n1\n```", "1"),
    ("```", ""),
    ("```python", ""),
    ("````markdown\n1\n````", ""),
]


@pytest.mark.parametrize(("says", "expected"), FENCES)
def test_fences_are_dropped_in_code(says: str, expected: str):
    check("x=‸\n", says, expected)


MARKDOWN = [
    ("Run this:\n\n‸\n", "```sh\nmake\n```"),
    ("```sh\n‸\n", "make\n```\n\nThen look."),
    ("Text ‸\n", "with ```three``` ticks"),
]


@pytest.mark.parametrize(("marked", "says"), MARKDOWN)
def test_real_fences_stay_in_markdown(marked: str, says: str):
    check(marked, says, says, "markdown")
    check(marked, says, says, "", "/project/README.md")
    check(marked, says, says, "mdx")


def test_template_literals_are_no_fences():
    check("const s = ‸\n", "`a` + `b`", "`a` + `b`", "javascript")
    check("const s = ‸\n", "``", "``", "javascript")
