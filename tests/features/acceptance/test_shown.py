"""What counts as shown: each suggestion once, however often what is left of it is sent."""

from __future__ import annotations

import pytest

from leanwide.features.acceptance.counter import AcceptanceCounter
from leanwide.features.acceptance.counts_file import CountsFile
from leanwide.modes.profile import Mode
from tests.marked import view_of

BEFORE = "def area(width, height):\n    return "
SAYS = "width * height\n"


@pytest.fixture
def counter(tmp_path) -> AcceptanceCounter:
    return AcceptanceCounter(CountsFile(tmp_path), lambda: True, lambda *_: lambda: None)


def show(counter: AcceptanceCounter, marked: str, text: str) -> str:
    return counter.suggestion_shown(view_of(marked), text, Mode.CODE, lambda: str)


@pytest.mark.parametrize(
    ("later", "text"),
    [
        pytest.param("‸", SAYS, id="asked for again"),
        pytest.param("‸", SAYS + "\n\ndef", id="grown"),
        pytest.param("wid‸", "th * height\n", id="typed through"),
        pytest.param("width * ‸", "height\n    # done", id="typed through and grown"),
        pytest.param("wid‸", "e\n", id="typed through, and another rest"),
    ],
)
def test_what_is_left_of_a_suggestion_is_the_same_one(counter, later, text):
    assert show(counter, BEFORE + "‸", SAYS) == show(counter, BEFORE + later, text)


@pytest.mark.parametrize(
    "later",
    [
        pytest.param(BEFORE + "height‸", id="something else was typed"),
        pytest.param(BEFORE + SAYS + "‸", id="all of it was typed"),
        pytest.param("\n" + BEFORE + "‸", id="the text before it changed"),
        pytest.param(BEFORE + "‸)", id="the text after it changed"),
    ],
)
def test_anything_else_is_another_suggestion(counter, later):
    assert show(counter, BEFORE + "‸", SAYS) != show(counter, later, "x")


def test_a_suggestion_to_which_the_cursor_comes_back_is_the_same_one(counter):
    first = show(counter, BEFORE + "‸\n", SAYS)
    show(counter, BEFORE + "\n‸", "print()")
    assert show(counter, BEFORE + "‸\n", SAYS) == first
