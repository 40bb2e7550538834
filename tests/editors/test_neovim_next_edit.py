"""Next edits in Neovim, by the real server, and by one that proposes what the tests want."""

from __future__ import annotations

import itertools
import json
import random
import sys
import time
from pathlib import Path

import pytest
from attrs import asdict

from tests.editors import next_edit_server
from tests.editors.conftest import Open
from tests.editors.neovim import Neovim
from tests.editors.next_edit_server import Replacement, Script

AREA = '''\
def area(wide, height):
    """Return the area of a rectangle."""
    check(wide)
    log("area", wide, height)
    return wide * height
'''
"""A parameter is about to be renamed: its uses still have the old name."""
RENAMED = AREA.replace("wide", "width")
USES = [
    Replacement("(wide)", "(width)"),
    Replacement('", wide,', '", width,'),
    Replacement(" wide *", " width *"),
]
OPEN, WITH = "    start()\n", "    with lock:\n        start()\n"

_MARKS = """
local space = vim.api.nvim_get_namespaces()["leanwide.next_edit"]
local found = {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
  for _, line in ipairs(mark[4].virt_lines or { mark[4].virt_text }) do
    table.insert(found, line[1][1])
  end
end
return found
"""

_WORDS = """
local made = {}
for _, pair in ipairs(...) do
  local before, after = unpack(pair)
  vim.api.nvim_buf_set_lines(0, 0, -1, false, { before })
  local from, to = { line = 0, character = 0 }, { line = 0, character = #before }
  local edit = { range = { start = from, ["end"] = to }, text = after }
  local change = require("leanwide.next_edit.change").of(edit, 0, "utf-8")
  local word = change and change.words[1] or { first = 0, last = 0, text = "" }
  local old = before:sub(word.first + 1, word.last)
  local line = before:sub(1, word.first) .. word.text .. before:sub(word.last + 1)
  table.insert(made, { line, old, word.text })
end
return made
"""


def server(script: Script, log: Path) -> list[str]:
    """Return the command of a server that proposes what a script says."""
    return [sys.executable, next_edit_server.__file__, json.dumps(asdict(script)), str(log)]


@pytest.fixture
def scripted(opened: Open, tmp_path: Path) -> Open:
    """Open Neovim with a file; the server proposes these edits."""

    def started(*edits: Replacement, text: str = AREA, ghost_after: str = "") -> Neovim:
        script = Script([*edits], ghost_after, "width + height")
        return opened(server(script, tmp_path / "log"), text, "area.py")

    return started


def shown(neovim: Neovim) -> list[str]:
    """Return the texts that show beside the buffer's own."""
    return list(neovim.nvim.exec_lua(_MARKS))


def shows(neovim: Neovim, text: str) -> None:
    neovim.until(lambda: any(text in mark for mark in shown(neovim)), text)


def is_gone(neovim: Neovim) -> None:
    neovim.until(lambda: not shown(neovim), "no next edit")


def stays_gone(neovim: Neovim) -> None:
    """Wait longer than the pause after which the server is asked."""
    is_gone(neovim)
    time.sleep(0.6)
    assert shown(neovim) == []


def has_text(neovim: Neovim, text: str) -> None:
    neovim.until(lambda: list(neovim.nvim.current.buffer) == text.splitlines(), text)


def told(neovim: Neovim, event: str) -> int:
    """Return how often the server was told of an event."""
    return (neovim.folder / "log").read_text().split().count(event)


def rename(neovim: Neovim) -> None:
    """Rename the parameter in the first line, and wait for the next edit."""
    neovim.nvim.input("gg0fwcewidth")
    shows(neovim, "go here")


def test_a_key_that_finds_no_edit_after_the_last_one_does_what_it_did(scripted: Open):
    neovim = scripted(*USES)
    rename(neovim)
    neovim.nvim.input("<Tab><Tab><Tab><Tab><Tab>")
    has_text(neovim, RENAMED.replace("width *", "width     *"))


@pytest.mark.parametrize("mode", ["", "<Esc>"], ids=["insert", "normal"])
def test_a_renamed_parameter_is_carried_through_a_function(scripted: Open, mode: str):
    neovim = scripted(*USES)
    rename(neovim)
    assert "width" in shown(neovim)
    neovim.nvim.input(mode)
    shows(neovim, "go here")
    neovim.nvim.input("<Tab>")
    shows(neovim, "accept")
    neovim.nvim.input("<Tab><Tab><Tab>")
    has_text(neovim, RENAMED)
    neovim.until(lambda: told(neovim, "accepted") == 3, "three accepted edits")
    assert told(neovim, "shown") == 3
    is_gone(neovim)


def test_the_real_server_proposes_what_the_keys_accept(neovim: Neovim):
    neovim.edit(AREA, "area.py")
    neovim.nvim.input("gg0fwcewidth<Esc>")
    shows(neovim, "go here")
    neovim.nvim.input("<Tab>")
    shows(neovim, "accept")
    neovim.nvim.input("<Tab><Tab><Tab>")
    has_text(neovim, RENAMED)
    is_gone(neovim)
    assert neovim.server("leanwide.status")["nextEdits"]["accepted"] == 3


def test_undo_takes_one_accepted_edit_back_and_it_does_not_come_again(scripted: Open):
    neovim = scripted(*USES)
    rename(neovim)
    neovim.nvim.input("<Tab>")
    shows(neovim, "accept")
    neovim.nvim.input("<Tab>")
    has_text(neovim, AREA.replace("wide", "width", 2))
    shows(neovim, "accept")
    neovim.nvim.input("<Esc>u")
    has_text(neovim, AREA.replace("wide", "width", 1))
    stays_gone(neovim)


def test_escape_dismisses_an_edit_and_the_keys_do_what_they_did(scripted: Open):
    neovim = scripted(*USES)
    rename(neovim)
    neovim.nvim.input("<Esc>")
    shows(neovim, "go here")
    neovim.nvim.input("<Esc>")
    stays_gone(neovim)
    neovim.until(lambda: told(neovim, "rejected") == 1, "the server knows")
    neovim.nvim.input("3G^i<Tab>")
    neovim.until(lambda: neovim.line == "        check(wide)", "an indented line")
    neovim.nvim.input("<Esc>G<C-o>")
    neovim.until(lambda: neovim.nvim.current.window.cursor[0] == 3, "the place before")
    neovim.nvim.input("<Tab>")
    neovim.until(lambda: neovim.nvim.current.window.cursor[0] == 5, "the place after")


def test_a_key_that_is_mapped_already_does_that_where_no_edit_shows(scripted: Open):
    neovim = scripted(*USES)
    neovim.nvim.command("enew")
    neovim.nvim.command("inoremap <expr> <Tab> 'ta' .. 'b'")
    neovim.nvim.exec_lua("vim.keymap.set('n', '<Esc>', function() vim.cmd.normal('x') end)")
    path = neovim.folder / "other.py"
    path.write_text("1\n")
    neovim.nvim.command(f"edit {path}")
    neovim.wait("return vim.fn.maparg('<Tab>', 'i', false, true).buffer == 1")
    neovim.nvim.input("i<Tab>")
    neovim.until(lambda: neovim.line == "tab1", "the mapping")
    neovim.nvim.input("<Esc><Esc>")
    neovim.until(lambda: neovim.line == "ta1", "the mapping")


def test_ghost_text_goes_first_and_the_edit_shows_without_it(scripted: Open):
    edit = Replacement('"slow"', '"quick"')
    neovim = scripted(edit, text='speed = "slow"\n\n', ghost_after="total = ")
    neovim.nvim.input("2Gitotal = ")
    assert neovim.some_ghost() == "width + height"
    stays_gone(neovim)
    neovim.nvim.input("<Esc>")
    shows(neovim, "go here")
    neovim.nvim.input("ototal = ")
    neovim.some_ghost()
    neovim.nvim.input("<Tab>")
    has_text(neovim, 'speed = "slow"\ntotal = \ntotal = width + height\n')


def test_what_is_out_of_sight_is_named_at_the_cursor(scripted: Open):
    text = "first = 1\n" + "\n" * 100 + 'last = "old"\n'
    neovim = scripted(Replacement('"old"', '"new"'), text=text)
    neovim.nvim.input("A0<Esc>")
    shows(neovim, "next edit in line 102")
    neovim.nvim.input("<Tab>")
    shows(neovim, "accept")
    neovim.nvim.input("<Tab>")
    has_text(neovim, text.replace("1", "10").replace("old", "new"))


def test_what_is_typed_before_the_next_answer_is_asked_about(scripted: Open):
    neovim = scripted(USES[0], Replacement("rectangle", "square"))
    rename(neovim)
    neovim.nvim.input("<Tab><Tab># ")
    text = AREA.replace("wide", "width", 2)
    has_text(neovim, text.replace("check(width", "check(width# "))
    shows(neovim, "square")


def test_the_words_of_a_change_make_the_new_line(neovim: Neovim):
    """Names are replaced whole, and no character of several bytes is cut."""
    draw = random.Random(0)
    lines = ["".join(draw.choices("ab_é€ü (,.", k=draw.randrange(12))) for _ in range(400)]
    pairs = list(itertools.pairwise(lines))
    made = neovim.nvim.exec_lua(_WORDS, pairs)
    assert [line for line, _, _ in made] == [after for _, after in pairs]
    assert all(text.isprintable() and old.isprintable() for _, old, text in made)


@pytest.mark.parametrize("mode", ["", "<Esc>"], ids=["insert", "normal"])
def test_the_key_goes_to_another_file(scripted: Open, mode: str):
    edit = Replacement("old_name()", "new_name()", file="use.py")
    neovim = scripted(edit, text="def old_name():\n    return 1\n")
    (neovim.folder / "use.py").write_text("from area import old_name\n\nprint(old_name())\n")
    neovim.nvim.input(f"0wcwnew_name{mode}")
    shows(neovim, "next edit in line 3 of use.py")
    neovim.nvim.input("<Tab>")
    shows(neovim, "accept")
    assert neovim.nvim.current.buffer.name.endswith("use.py")
    neovim.nvim.input("<Tab>")
    has_text(neovim, "from area import old_name\n\nprint(new_name())\n")


def test_new_lines_show_below_the_old_ones(scripted: Open):
    text = f"if ready:\n{OPEN}\nprint('done')\n"
    neovim = scripted(Replacement(OPEN, WITH), text=text)
    neovim.nvim.input("GA  # ok<Esc>")
    shows(neovim, "with lock:")
    neovim.nvim.input("<Tab>")
    shows(neovim, "accept")
    neovim.nvim.input("<Tab>")
    has_text(neovim, text.replace(OPEN, WITH).rstrip() + "  # ok\n")


def test_lines_at_the_end_of_the_file_are_gone_to_and_accepted(scripted: Open):
    last = "    return wide * height\n"
    more = "\n\nprint(area(1, 2))\n"
    neovim = scripted(Replacement(last, last + more))
    rename(neovim)
    neovim.nvim.input("<Tab>")
    shows(neovim, "accept")
    neovim.nvim.input("<Tab>")
    has_text(neovim, AREA.replace("wide", "width", 1) + more)


def test_an_edit_gives_way_to_a_selection_a_changed_text_and_the_switch(scripted: Open):
    neovim = scripted(USES[0], Replacement("rectangle", "square"))
    rename(neovim)
    neovim.nvim.input("<Esc>v")
    is_gone(neovim)
    neovim.nvim.input("<Esc>")
    shows(neovim, "go here")
    neovim.nvim.input("3Gcc    check(0)")
    shows(neovim, "square")
    neovim.nvim.command("LeanwideNextEdit off")
    neovim.nvim.input("x")
    stays_gone(neovim)
    neovim.nvim.command("LeanwideNextEdit on")
    neovim.nvim.input("x")
    shows(neovim, "go here")
