"""Suggestions in Neovim by servers that answer what the tests want."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.editors.conftest import Open
from tests.editors.neovim import Neovim
from tests.editors.next_edit_server import Script
from tests.editors.scripted import command as scripted_command
from tests.editors.test_neovim_next_edit import server


@pytest.mark.parametrize(("key", "accepted"), [("<Tab>", 2), ("<M-C-Right>", 1)])
def test_a_suggestion_has_the_line_breaks_of_the_file(
    opened: Open, tmp_path: Path, key: str, accepted: int
):
    answers = [["total = a + b\n", "    return total\n"]] * 8
    text = "def add(a, b):\r\n    \r\n\r\n\r\nprint(1)\r\n"
    neovim = opened(scripted_command(answers, tmp_path / "go"), text, next_edit=False)
    neovim.nvim.input("2GA")
    neovim.some_ghost()
    neovim.nvim.input(key)
    lines = ["    total = a + b", "    return total"][:accepted]
    neovim.until(lambda: list(neovim.nvim.current.buffer)[1:][:accepted] == lines, "the suggestion")
    neovim.nvim.input("<Esc>")
    neovim.nvim.command("write")
    new = text.replace("    \r\n", "".join(line + "\r\n" for line in lines))
    assert (tmp_path / "store.py").read_bytes() == new.encode()


def begin(opened: Open, folder: Path) -> Neovim:
    """Type the beginning of a word that the server continues."""
    by = server(Script([], "return wi", "dth + 1"), folder / "log")
    neovim = opened(by, "window_height = window_width = 1\n\n", next_edit=False)
    neovim.nvim.input("Goreturn wi")
    assert neovim.some_ghost() == "dth + 1"
    return neovim


def test_a_word_from_the_menu_takes_the_place_of_a_suggestion(opened: Open, tmp_path: Path):
    neovim = begin(opened, tmp_path)
    neovim.nvim.input("<C-n>")
    neovim.until(lambda: neovim.line.startswith("return window_"), "a word from the menu")
    neovim.until(lambda: not neovim.ghost(), "no ghost text")
    word = neovim.line
    neovim.nvim.input("<Tab>")
    neovim.until(lambda: neovim.line != word, "the key")
    assert neovim.line.rstrip() == word


@pytest.mark.parametrize(
    ("keys", "line"), [("dt", "return width + 1"), ("<C-n>", "return window_")]
)
def test_a_suggestion_goes_on_where_it_was_typed_just_now_and_nowhere_else(
    opened: Open, tmp_path: Path, keys: str, line: str
):
    neovim = begin(opened, tmp_path)
    neovim.nvim.input(f"{keys}<Tab>")
    neovim.until(lambda: neovim.line.startswith(line), line)
    neovim.nvim.input("<Esc>")
    neovim.until(lambda: neovim.nvim.api.get_mode()["mode"] == "n", "normal mode")
    assert neovim.line.rstrip() in (
        "return width + 1",
        "return window_height",
        "return window_width",
    )
