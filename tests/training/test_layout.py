"""The layout of samples: where the answer begins, and the server's system texts."""

from __future__ import annotations

import pytest
from training.data import layout
from training.data.holes import Hole
from training.data.markers import END_THINK, FIM_MIDDLE, ID, IM_END
from training.data.pairs import Pair

PAIR = Pair("explain", "Explain this code.", "Sum up.")


def encode(text: str) -> list[int]:
    """A token for each character, none of them a marker."""
    return [100 + ord(character) for character in text]


def text(tokens: list[int]) -> str:
    return "".join(chr(token - 100) for token in tokens if token >= 100)


def test_the_answer_of_an_infill_begins_behind_the_middle_marker():
    sample = layout.infill("a.py", (), Hole("line", "a = ", "1", "\n"), encode)

    assert sample.tokens[sample.answer - 1] == ID[FIM_MIDDLE]
    assert text(sample.tokens[sample.answer :]) == "1"


def test_the_answer_of_a_chat_is_what_the_assistant_says():
    sample = layout.chat("", PAIR, encode)

    assert text(sample.tokens[sample.answer :]) == "Sum up.\n"
    assert ID[IM_END] in sample.tokens[sample.answer :]


def test_thinking_marks_belong_to_the_prompt():
    sample = layout.chat_without_thoughts("", PAIR, encode)

    assert ID[END_THINK] in sample.tokens[: sample.answer]
    assert text(sample.tokens[sample.answer :]) == "Sum up.\n"


def test_text_has_no_answer():
    sample = layout.file_start("a.py", "a = 1\n", encode)

    assert sample.answer == len(sample.tokens)


@pytest.mark.parametrize("kind", ["explain", "document", "annotate", "test"])
def test_a_system_text_is_the_servers_own(kind):
    sent = layout.system(kind)

    prompt = layout.chat_prompt(sent, "?", encode)

    assert len(sent) > 40
    assert text(prompt).startswith(f"system\n{sent}")


def test_without_a_system_text_the_user_speaks_first():
    assert text(layout.chat_prompt("", "?", encode)).startswith("user\n?")
