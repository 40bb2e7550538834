"""What a user sees in Neovim in a terminal; the pictures are in ``tests/editors/out``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.neovim import SUITES
from tests.editors.screen import neovim_screen, scripted_screen, suggested
from tests.editors.terminal import Terminal
from tests.editors.test_neovim_next_edit import AREA

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


def test_an_answer_is_in_a_floating_window(terminal: Terminal, version: str):
    terminal.type(":23,24LeanwideExplain\r")
    terminal.until(lambda: "close ╯" in terminal.text, "the whole answer")
    terminal.picture(f"neovim-{version}-explain")
    terminal.type("q")
    terminal.until(lambda: "╯" not in terminal.text, "no window")


def test_a_change_is_in_the_text_in_colours(version: str, tmp_path: Path):
    with scripted_screen(version, tmp_path) as terminal:
        terminal.type(":1,9LeanwideEdit use with, and swap the factors\r")
        terminal.until(lambda: "1 change" in terminal.text, "the first change")
        terminal.type("2G\t")
        terminal.until(lambda: "✓ accepted" in terminal.text, "the accepted change")
        terminal.picture(f"neovim-{version}-edit")
        removed, added = (
            terminal.screen.buffer[row][4].bg for row in rows(terminal, "file = open", "with open")
        )
        assert len({removed, added, terminal.screen.buffer[20][4].bg}) == 3


def test_a_next_edit_is_in_the_text_in_colours(terminal: Terminal, version: str):
    Path(terminal.home, "area.py").write_text(AREA)
    terminal.type(":edit ~/area.py\r")
    terminal.until(lambda: "check(wide)" in terminal.text, "the file")
    terminal.type("0fwcewidth\x1b")
    terminal.until(lambda: "go here" in terminal.text, "a next edit")
    terminal.picture(f"neovim-{version}-next-edit")
    (row,) = rows(terminal, "check(widewidth)")
    cells = terminal.screen.buffer[row]
    old, new, rest = (cells[column].bg for column in (10, 14, 4))
    assert cells[10].strikethrough
    assert len({old, new, rest}) == 3


def rows(terminal: Terminal, *texts: str) -> list[int]:
    """Return the rows of the first lines of the screen with these texts."""
    return [
        next(row for row, line in enumerate(terminal.screen.display) if text in line)
        for text in texts
    ]
