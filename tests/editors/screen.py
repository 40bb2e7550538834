"""Neovim in a terminal, with the plugin, the real server and the embedded model."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.e2e.session import SOURCE
from tests.editors import scripted
from tests.editors.debian import install
from tests.editors.neovim import SUITES, command
from tests.editors.terminal import Terminal

TEXT = SOURCE.rstrip(" ") + "\n    def update(self, other):\n\n"
_LOOK = (
    "set termguicolors statusline=%f\\ %=%{v:lua.require'leanwide'.status()}",
    "autocmd User LeanwideStatus redrawstatus",
)


@contextmanager
def neovim_screen(version: str, folder: Path) -> Iterator[Terminal]:
    """Open a file whose last line is unfinished, and wait until the model is loaded."""
    path = folder / "store.py"
    path.write_text(TEXT)
    program = install(SUITES[version]) / "usr/bin/nvim"
    look = [part for setting in _LOOK for part in ("-c", setting)]
    terminal = Terminal([*command(program, folder), *look, str(path)], {"HOME": str(folder)})
    try:
        terminal.until(lambda: "leanwide idle" in terminal.text, "an idle server")
        yield terminal
    finally:
        terminal.close()


@contextmanager
def scripted_screen(version: str, folder: Path) -> Iterator[Terminal]:
    """Open a file with a server whose answer stands still after its first change."""
    path = folder / "store.py"
    path.write_text(scripted.TEXT)
    program = install(SUITES[version]) / "usr/bin/nvim"
    answers = [scripted.SLOW + scripted.SLOW_REST]
    server = {"cmd": scripted.command(answers, folder / "go"), "suggest": False}
    look = ["-c", "set termguicolors", "-c", "autocmd LspAttach * set statusline=attached"]
    terminal = Terminal(
        [*command(program, folder, server), *look, str(path)], {"HOME": str(folder)}
    )
    try:
        terminal.until(lambda: "attached" in terminal.text, "the server")
        yield terminal
    finally:
        terminal.close()


def suggested(terminal: Terminal, typed: str) -> str:
    """Return the text after the cursor, if the line before the cursor is ``typed``; else ""."""
    cursor = terminal.screen.cursor
    is_drawn = terminal.screen.display[cursor.y][: cursor.x] == typed
    return terminal.after_cursor() if is_drawn else ""
