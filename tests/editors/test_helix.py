"""Helix with the configuration of ``docs/editors.md``, the real server and the embedded model."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.debian import install
from tests.editors.neovim import SERVER
from tests.editors.snippets import snippet
from tests.editors.terminal import WAIT, Terminal

TEXT = "def count_words(text):\n    return len(text.split())\n"
DOWN = "\x0e"


@pytest.fixture(scope="module")
def helix(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    home = tmp_path_factory.mktemp("helix")
    (home / "valid.py").write_text(TEXT)
    (home / ".config/helix").mkdir(parents=True)
    (home / ".config/helix/languages.toml").write_text(snippet("languages.toml"))
    program = install("sid") / "usr/lib/hx/hx"
    environment = {"HOME": str(home), "PATH": f"{SERVER.parent}:/usr/bin:/bin"}
    terminal = Terminal([str(program), "-v", str(home / "valid.py")], environment)
    terminal.until(lambda: "count_words" in terminal.text, "the file")
    yield terminal
    terminal.close()


def choose(helix: Terminal, title: str) -> None:
    """Open the menu of code actions until the server answers, and choose one."""
    end = time.monotonic() + WAIT
    while title not in helix.text and time.monotonic() < end:
        helix.type(" a")
        helix.watch(3)
    helix.picture("helix-actions")
    titles = [line for line in helix.text.split("\n") if "with leanwide" in line]
    index = next(index for index, line in enumerate(titles) if title in line)
    helix.type(DOWN * index + "\r")


def test_code_actions_change_the_text_and_open_an_explanation(helix: Terminal):
    choose(helix, "Document with leanwide")
    helix.until(lambda: '"""' in helix.text, "documentation")
    choose(helix, "Explain with leanwide")
    helix.until(lambda: "Explanation.md" in helix.text, "an explanation")
    helix.picture("helix-explanation")
    helix.type(":bc!\r")


def test_commands_take_an_argument(helix: Terminal):
    helix.type(':lsp-workspace-command leanwide.setMode {"mode":"think"}\r')
    log = Path(str(helix.home), ".cache/helix/helix.log")
    helix.until(lambda: '"result": {"mode": "think"}' in log.read_text(), "the answer")
