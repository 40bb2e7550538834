"""Suggestions in Neovim by servers that answer what the tests want."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.editors.debian import install
from tests.editors.neovim import SUITES, Neovim, command
from tests.editors.scripted import command as scripted_command

Open = Callable[[list[str], str], Neovim]


@pytest.fixture(params=SUITES, ids=lambda version: f"neovim-{version}")
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Open Neovim with a server's command and a file."""
    editors = []

    def started(by: list[str], text: str) -> Neovim:
        program = install(SUITES[request.param]) / "usr/bin/nvim"
        options = {"cmd": by, "next_edit": False}
        neovim = Neovim(command(program, tmp_path, options), tmp_path)
        editors.append(neovim)
        path = tmp_path / "store.py"
        path.write_text(text, newline="")
        neovim.nvim.command(f"edit {path}")
        neovim.wait("return (require('leanwide.client').find() or {}).initialized")
        return neovim

    yield started
    for neovim in editors:
        neovim.close()


@pytest.mark.parametrize(("key", "accepted"), [("<Tab>", 2), ("<M-C-Right>", 1)])
def test_a_suggestion_has_the_line_breaks_of_the_file(
    opened: Open, tmp_path: Path, key: str, accepted: int
):
    answers = [["total = a + b\n", "    return total\n"]] * 8
    text = "def add(a, b):\r\n    \r\n\r\n\r\nprint(1)\r\n"
    neovim = opened(scripted_command(answers, tmp_path / "go"), text)
    neovim.nvim.input("2GA")
    neovim.some_ghost()
    neovim.nvim.input(key)
    lines = ["    total = a + b", "    return total"][:accepted]
    neovim.until(lambda: list(neovim.nvim.current.buffer)[1:][:accepted] == lines, "the suggestion")
    neovim.nvim.input("<Esc>")
    neovim.nvim.command("write")
    new = text.replace("    \r\n", "".join(line + "\r\n" for line in lines))
    assert (tmp_path / "store.py").read_bytes() == new.encode()
