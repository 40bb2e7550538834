"""Neovim with the plugin, the real server and the embedded model."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.e2e.session import SOURCE
from tests.editors.neovim import SUITES, Neovim, install

TEXT = SOURCE.rstrip(" ") + "\n    def size(self):\n        \n"


@pytest.fixture(scope="session", params=SUITES, ids=lambda version: f"neovim-{version}")
def program(request: pytest.FixtureRequest) -> Path:
    return install(SUITES[request.param])


@pytest.fixture
def neovim(program: Path, tmp_path: Path) -> Iterator[Neovim]:
    editor = Neovim(program, tmp_path)
    yield editor
    editor.close()


def begin(neovim: Neovim, typed: str = "return len(") -> Path:
    """Open the file and type at its end, in insert mode."""
    path = neovim.edit(TEXT)
    neovim.nvim.command("normal! G")
    neovim.nvim.input("A" + typed)
    return path


ACCEPTED = """
local status
require("leanwide.client").run(0, "leanwide.status", {
  done = function(result) status = result end,
})
vim.wait(5000, function() return status end)
return status.accepted == 1
"""


def test_a_suggestion_appears_is_typed_through_and_accepted(neovim: Neovim):
    path = begin(neovim)
    ghost = neovim.some_ghost()
    neovim.nvim.input(ghost[0])
    rest = neovim.some_ghost()
    assert ghost.startswith(ghost[0] + rest[:1])
    before = neovim.line
    neovim.nvim.input("<Tab>")
    neovim.until(lambda: neovim.line != before or neovim.nvim.current.window.cursor[0] > 32)
    neovim.nvim.input("<Esc>")
    neovim.nvim.command("write")
    assert before + rest.partition("\n")[0] in path.read_text()
    assert neovim.wait(ACCEPTED)


def test_word_by_word_and_a_tab_where_nothing_is_suggested(neovim: Neovim):
    begin(neovim)
    ghost = neovim.some_ghost()
    before = neovim.line
    neovim.nvim.input("<M-Right>")
    neovim.until(lambda: neovim.line != before)
    assert (before + ghost).startswith(neovim.line)
    neovim.nvim.input("<Esc>:%d<CR>i<Tab>")
    neovim.until(lambda: neovim.line.strip(" ") in ("", "\t") and neovim.line != "")


def test_escape_and_another_character_make_it_go(neovim: Neovim):
    begin(neovim)
    neovim.some_ghost()
    neovim.nvim.input("<Esc>")
    neovim.until(lambda: not neovim.ghost(), "no ghost text")
    assert neovim.line.endswith("return len(")


WINDOW = """
for _, id in ipairs(vim.api.nvim_list_wins()) do
  local config = vim.api.nvim_win_get_config(id)
  if config.relative ~= "" then
    local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(id), 0, -1, false)
    return { config.title[1][1], config.footer[1][1], table.concat(lines, "\\n") }
  end
end
"""


def test_an_explanation_fills_a_window(neovim: Neovim):
    neovim.edit(TEXT)
    neovim.nvim.command("23,24LeanwideExplain")
    title, _, _ = neovim.wait(WINDOW)
    assert title.strip() == "Explain"
    neovim.until(lambda: "experts" in neovim.nvim.exec_lua(WINDOW)[1], "the end of the answer")
    assert neovim.nvim.exec_lua(WINDOW)[2].strip()
    neovim.nvim.input("q")
    neovim.until(lambda: neovim.nvim.exec_lua(WINDOW) is None, "no window")


def test_an_explanation_is_stopped_by_closing_its_window(neovim: Neovim):
    neovim.edit(TEXT)
    for _ in range(2):
        neovim.nvim.command("LeanwideExplain")
        neovim.wait(WINDOW)
        neovim.nvim.input("q")
        neovim.until(lambda: neovim.nvim.exec_lua(WINDOW) is None, "no window")
    assert neovim.wait("return require('leanwide.client').status.state == 'idle'")
    assert neovim.nvim.exec_lua("return _G.notices") == []


def test_a_conversation(neovim: Neovim):
    neovim.edit(TEXT)
    neovim.nvim.command("23,24LeanwideChat What is this?")
    neovim.until(lambda: "experts" in (neovim.nvim.exec_lua(WINDOW) or ["", ""])[1])
    assert neovim.nvim.exec_lua(WINDOW)[2].startswith("## What is this?\n\n")
    neovim.nvim.input("<CR>Why?<CR>")
    neovim.until(lambda: "## Why?" in neovim.nvim.exec_lua(WINDOW)[2])
    neovim.until(lambda: "experts" in neovim.nvim.exec_lua(WINDOW)[1])
    neovim.nvim.input("q")
    neovim.until(lambda: neovim.nvim.exec_lua(WINDOW) is None, "no window")


def test_the_last_request_is_no_secret(neovim: Neovim):
    begin(neovim)
    neovim.some_ghost()
    neovim.nvim.input("<Esc>")
    neovim.nvim.command("LeanwideLastRequest")
    _, _, text = neovim.wait(WINDOW)
    assert "<PREFIX>" in text
    assert "return len(" in text


def test_the_engine_is_killed_while_somebody_types(neovim: Neovim):
    begin(neovim)
    neovim.some_ghost()
    process = psutil.Process(neovim.nvim.exec_lua("return vim.fn.getpid()"))
    engines = [one for one in process.children(recursive=True) if not one.children()]
    os.kill(engines[-1].pid, signal.SIGKILL)
    neovim.nvim.input("<Esc>oreturn ")
    for key in "len(self.settings)":
        neovim.nvim.input(key)
        time.sleep(0.5)
        if neovim.ghost():
            break
    else:
        pytest.fail("no suggestion any more")
    assert len(neovim.nvim.exec_lua("return _G.notices")) <= 1


def test_health(neovim: Neovim):
    neovim.edit(TEXT)
    neovim.nvim.command("checkhealth leanwide")
    report = "\n".join(neovim.nvim.current.buffer[:])
    assert "the engine is idle" in report
    assert "ERROR" not in report


def test_the_help_is_found_and_the_statusline_says_something(neovim: Neovim):
    neovim.edit(TEXT)
    assert neovim.nvim.exec_lua("return require('leanwide').status()").startswith("leanwide idle")
    neovim.nvim.command("helptags " + str(Path(__file__).parents[2] / "editors/neovim/doc"))
    neovim.nvim.command("help leanwide-commands")
    assert neovim.nvim.current.buffer.name.endswith("leanwide.txt")
