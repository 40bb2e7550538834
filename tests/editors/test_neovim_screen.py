"""What somebody sees in Neovim in a terminal; the pictures are in ``tests/editors/out``."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.session import SOURCE
from tests.editors.debian import install
from tests.editors.neovim import SUITES, command
from tests.editors.terminal import Terminal

HEAD = "    def update(self, other):\n"
TYPED = "        for name, value in "
TEXT = SOURCE.rstrip(" ") + "\n" + HEAD + "\n"


@pytest.fixture(scope="module", params=SUITES)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def terminal(version: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    folder = tmp_path_factory.mktemp("terminal")
    path = folder / "store.py"
    path.write_text(TEXT)
    look = "set termguicolors statusline=%f\\ %=%{v:lua.require'leanwide'.status()}"
    program = install(SUITES[version]) / "usr/bin/nvim"
    terminal = Terminal(
        [
            *command(program, folder),
            "-c",
            look,
            "-c",
            "autocmd User LeanwideStatus redrawstatus",
            str(path),
        ],
        {"HOME": str(folder)},
    )
    terminal.until(lambda: "leanwide idle" in terminal.text, "an idle server")
    yield terminal
    terminal.close()


def test_a_suggestion_stands_behind_the_cursor_in_another_colour(terminal: Terminal, version: str):
    terminal.type(f"GA{TYPED}")
    terminal.until(lambda: ghost(terminal), "ghost text")
    terminal.picture(f"neovim-{version}-suggestion")
    suggested = ghost(terminal)
    terminal.type("\t")
    terminal.until(lambda: not ghost(terminal) and TYPED + suggested in terminal.text, "the text")
    terminal.type("\x1b")


def ghost(terminal: Terminal) -> str:
    """What stands behind the cursor, where its colour is not that of the text before."""
    cursor = terminal.screen.cursor
    cells = terminal.screen.buffer[cursor.y]
    typed = terminal.screen.display[cursor.y].startswith(TYPED)
    other = typed and cells[cursor.x].fg != cells[len(TYPED) - 2].fg
    return terminal.after_cursor() if other else ""


def test_answers_are_in_a_window_above_the_text(terminal: Terminal, version: str):
    for name in ("Explain", "Refactor Add type annotations."):
        terminal.type(f":23,24Leanwide{name}\r")
        terminal.until(lambda: any(end in terminal.text for end in ("close ╯", "reject ╯")), name)
        terminal.picture(f"neovim-{version}-{name.split()[0].lower()}")
        terminal.type("q")
        terminal.until(lambda: "╯" not in terminal.text, "no window")
