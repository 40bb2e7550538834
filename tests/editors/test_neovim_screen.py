"""What a user sees in Neovim in a terminal; the pictures are in ``tests/editors/out``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.editors.neovim import SUITES
from tests.editors.screen import neovim_screen, suggested
from tests.editors.terminal import Terminal

TYPED = "        for name, value in "


@pytest.fixture(scope="module", params=SUITES)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def terminal(version: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    with neovim_screen(version, tmp_path_factory.mktemp("terminal")) as terminal:
        yield terminal


def test_a_suggestion_is_shown_after_the_cursor_in_another_colour(terminal: Terminal, version: str):
    terminal.type(f"GA{TYPED}")
    terminal.until(lambda: suggested(terminal, TYPED), "ghost text")
    terminal.picture(f"neovim-{version}-suggestion")
    shown, cursor = suggested(terminal, TYPED), terminal.screen.cursor
    cells = terminal.screen.buffer[cursor.y]
    assert cells[cursor.x].fg != cells[len(TYPED) - 2].fg
    terminal.type("\t")
    terminal.until(
        lambda: not terminal.after_cursor() and TYPED + shown in terminal.text, "the accepted text"
    )
    terminal.type("\x1b")


def test_answers_are_in_a_floating_window(terminal: Terminal, version: str):
    for name in ("Explain", "Refactor Add type annotations."):
        terminal.type(f":23,24Leanwide{name}\r")
        terminal.until(lambda: any(end in terminal.text for end in ("close ╯", "reject ╯")), name)
        terminal.picture(f"neovim-{version}-{name.split()[0].lower()}")
        terminal.type("q")
        terminal.until(lambda: "╯" not in terminal.text, "no window")
