"""Neovim with the plugin, the real server and the embedded model."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import psutil
import pytest

from leanwide import child
from tests.e2e.session import SOURCE
from tests.editors.neovim import PLUGIN, Neovim

TEXT = SOURCE.rstrip(" ") + "\n    def size(self):\n        \n"


def begin(neovim: Neovim, typed: str = "return len(") -> Path:
    """Open the file and type at its end, in insert mode."""
    path = neovim.edit(TEXT)
    neovim.nvim.command("normal! G")
    neovim.nvim.input("A" + typed)
    return path


def explained(neovim: Neovim) -> bool:
    """Wait for the end of an explanation; returns whether it has a text."""
    neovim.until(lambda: "experts" in neovim.open_window().footer, "the end of the answer")
    return bool(neovim.open_window().text.strip())


def test_a_suggestion_appears_is_typed_through_and_accepted(neovim: Neovim):
    path = begin(neovim)
    accepted = neovim.server("leanwide.status")["accepted"]
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
    neovim.until(lambda: neovim.server("leanwide.status")["accepted"] == accepted + 1)
    (counts,) = neovim.server("leanwide.stats")["counts"]
    assert counts["accepted"] == 1
    neovim.nvim.command("LeanwideStats")
    neovim.until(lambda: any(" | 1 (" in line for line in neovim.nvim.current.buffer[:]))


def test_a_word_is_accepted_and_tab_indents_where_nothing_is_suggested(neovim: Neovim):
    begin(neovim)
    ghost = neovim.some_ghost()
    before = neovim.line
    neovim.nvim.input("<M-Right>")
    neovim.until(lambda: neovim.line != before)
    assert (before + ghost).startswith(neovim.line)
    neovim.nvim.input("<Esc>:%d<CR>i<Tab>")
    neovim.until(lambda: neovim.line.strip(" ") in ("", "\t") and neovim.line != "")


def test_escape_removes_a_suggestion(neovim: Neovim):
    begin(neovim)
    neovim.some_ghost()
    neovim.nvim.input("<Esc>")
    neovim.until(lambda: not neovim.ghost(), "no ghost text")
    assert neovim.line.endswith("return len(")


def test_an_explanation_fills_a_window(neovim: Neovim):
    neovim.edit(TEXT)
    neovim.nvim.command("23,24LeanwideExplain")
    assert neovim.open_window().title.strip() == "Explain"
    assert explained(neovim)
    neovim.nvim.input("q")
    neovim.until(lambda: neovim.window() is None, "no window")


def test_a_file_without_a_final_newline_is_explained_whole(neovim: Neovim):
    path = neovim.edit(TEXT.rstrip("\n "))
    assert not path.read_text().endswith("\n")
    neovim.nvim.command("%LeanwideExplain")
    assert explained(neovim)
    assert neovim.notices() == []


def test_a_selection_to_the_end_of_the_line_has_code_actions(neovim: Neovim):
    neovim.edit(TEXT)
    neovim.nvim.funcs.cursor(23, 1)
    neovim.nvim.input("v$")
    neovim.until(lambda: neovim.nvim.funcs.mode() == "v", "the selection")
    neovim.nvim.exec_lua(
        "local function wanted(action) return action.title == 'Explain with leanwide' end\n"
        "vim.lsp.buf.code_action({ apply = true, filter = wanted })"
    )
    assert explained(neovim)
    assert neovim.notices() == []


def test_a_name_of_a_file_in_an_answer_opens_it_at_its_line(neovim: Neovim):
    path = neovim.edit(TEXT)
    lua = 'require("leanwide.window").open("Explain", "markdown", "q", function() end):append(...)'
    neovim.nvim.exec_lua(lua, f"It is in [`store.py:3`]({path.as_uri()}#L3).")
    neovim.nvim.input("0gx")
    neovim.until(lambda: any("no link" in notice for notice in neovim.notices()), "a notice")
    neovim.nvim.input("f`gx")
    neovim.until(lambda: neovim.nvim.current.buffer.name == str(path), "the file")
    assert neovim.nvim.current.window.cursor[0] == 3


def test_an_explanation_is_stopped_by_closing_its_window(neovim: Neovim):
    neovim.edit(TEXT)
    for _ in range(2):
        neovim.nvim.command("LeanwideExplain")
        neovim.open_window()
        neovim.nvim.input("q")
        neovim.until(lambda: neovim.window() is None, "no window")
    assert neovim.wait("return require('leanwide.client').status.state == 'idle'")
    assert neovim.notices() == []


def test_a_conversation(neovim: Neovim):
    neovim.edit(TEXT)
    neovim.nvim.command("23,24LeanwideChat What is this?")
    neovim.until(lambda: "experts" in neovim.open_window().footer)
    assert neovim.open_window().text.startswith("## What is this?\n\n")
    neovim.nvim.input("<CR>Why?<CR>")
    neovim.until(lambda: "## Why?" in neovim.open_window().text)
    neovim.until(lambda: "experts" in neovim.open_window().footer)
    neovim.nvim.input("q")
    neovim.until(lambda: neovim.window() is None, "no window")


def test_the_last_request_shows_the_prompt(neovim: Neovim):
    begin(neovim)
    neovim.some_ghost()
    neovim.nvim.input("<Esc>")
    neovim.nvim.command("LeanwideLastRequest")
    text = neovim.open_window().text
    assert "<PREFIX>" in text
    assert "return len(" in text


def test_the_server_does_not_work_in_the_folder_that_is_open(neovim: Neovim):
    begin(neovim)
    process = psutil.Process(neovim.nvim.exec_lua("return vim.fn.getpid()"))
    folders = {child_process.cwd() for child_process in process.children(recursive=True)}
    assert folders <= {str(PLUGIN / "lua/leanwide"), str(child.HOME)}


def test_suggestions_return_after_the_engine_is_killed(neovim: Neovim):
    begin(neovim)
    neovim.some_ghost()
    process = psutil.Process(neovim.nvim.exec_lua("return vim.fn.getpid()"))
    children = process.children(recursive=True)
    engines = [child_process for child_process in children if not child_process.children()]
    os.kill(engines[-1].pid, signal.SIGKILL)
    neovim.nvim.input("<Esc>oreturn ")
    for key in "len(self.settings)":
        neovim.nvim.input(key)
        time.sleep(0.5)
        if neovim.ghost():
            break
    else:
        pytest.fail("no suggestion any more")
    assert not engines[-1].is_running()
    assert len(neovim.notices()) <= 1


def test_a_pinned_mode_is_shown_until_it_is_released(neovim: Neovim):
    neovim.edit(TEXT)
    try:
        neovim.nvim.command("LeanwideMode think")
        neovim.until(lambda: "think" in neovim.statusline(), "the mode in the statusline")
        assert neovim.server("leanwide.status")["pinned"] == "think"
        assert neovim.nvim.funcs.getcompletion("LeanwideMode d", "cmdline") == ["dialog"]
        neovim.nvim.command("LeanwideMode no-mode")
        neovim.until(lambda: len(neovim.notices()) == 2, "a notice")
        assert '"auto", "code"' in neovim.notices()[1]
    finally:
        neovim.nvim.command("LeanwideMode auto")
    neovim.until(lambda: "code" in neovim.statusline(), "the mode in the statusline")


def test_files_outside_a_workspace_share_one_server(neovim: Neovim):
    neovim.edit(TEXT, "one.py")
    neovim.edit(TEXT, "two.py")
    neovim.nvim.command("LeanwideExplain")
    neovim.open_window()
    assert neovim.nvim.exec_lua("return #vim.lsp.get_clients({ name = 'leanwide' })") == 1


def test_health(neovim: Neovim):
    neovim.edit(TEXT)
    neovim.nvim.command("checkhealth leanwide")
    report = "\n".join(neovim.nvim.current.buffer[:])
    assert "the engine is idle" in report
    assert "ERROR" not in report


def test_the_help_is_found_and_the_statusline_has_text(neovim: Neovim):
    neovim.edit(TEXT)
    assert neovim.statusline().startswith("leanwide idle")
    neovim.nvim.command("helptags " + str(Path(__file__).parents[2] / "editors/neovim/doc"))
    neovim.nvim.command("help leanwide-commands")
    assert neovim.nvim.current.buffer.name.endswith("leanwide.txt")
