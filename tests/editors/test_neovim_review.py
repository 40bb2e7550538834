"""Changes in Neovim that show in the buffer while the model writes; the answers are scripted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.scripted_server import HOLD
from tests.editors.conftest import Open
from tests.editors.neovim import Neovim
from tests.editors.scripted import (
    BOTH,
    OPEN,
    PRODUCT,
    SLOW,
    SLOW_REST,
    SWAPPED,
    TEXT,
    WITH,
    fenced,
)
from tests.editors.scripted import command as scripted_command

LINES = TEXT.splitlines()
HAS = fenced("def has(name):\n    return True\n")

_HUNKS = """
local space = vim.api.nvim_get_namespaces()["leanwide.review"]
local removed, added = {}, {}
for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
  if mark[4].line_hl_group then
    table.insert(removed, mark[2])
  end
  for _, line in ipairs(mark[4].virt_lines or {}) do
    table.insert(added, line[1][1])
  end
end
return { removed, added }
"""


@pytest.fixture
def scripted(opened: Open, tmp_path: Path) -> Open:
    """Open Neovim with a file; the server gives these answers."""

    def started(*answers: list[str], text: str = TEXT) -> Neovim:
        return opened(scripted_command([*answers], tmp_path / "go"), text, suggest=False)

    return started


def lines(neovim: Neovim) -> list[str]:
    return list(neovim.nvim.current.buffer)


def added(neovim: Neovim) -> list[str]:
    """Return the lines that are shown as added."""
    return [str(line) for line in neovim.nvim.exec_lua(_HUNKS)[1]]


def go(neovim: Neovim) -> None:
    """Let the model write on."""
    (neovim.folder / "go").touch()


def type_unsent(neovim: Neovim, line: str, buffer: int = 0) -> None:
    """Add a first line, of which Neovim tells the server a moment later."""
    neovim.nvim.exec_lua(
        "local buffer, line = ...; vim.api.nvim_buf_set_lines(buffer, 0, 0, false, { line })",
        buffer,
        line,
    )


def shows(neovim: Neovim, code: str) -> None:
    """Wait until just this code is shown as added."""
    neovim.until(lambda: added(neovim) == code.splitlines(), code)


def has_text(neovim: Neovim, text: str) -> None:
    neovim.until(lambda: lines(neovim) == text.splitlines(), text)


def test_a_change_shows_while_the_model_writes_and_is_accepted_in_parts(scripted: Open):
    neovim = scripted(SLOW + SLOW_REST)
    neovim.nvim.command("1,9LeanwideEdit use with, and swap the factors")
    shows(neovim, WITH)
    assert neovim.nvim.exec_lua(_HUNKS)[0] == [1, 2]
    neovim.nvim.input("2G<Tab>")
    neovim.until(lambda: "1 accepted" in neovim.bar, "the accepted change")
    assert lines(neovim) == LINES

    go(neovim)
    has_text(neovim, TEXT.replace(OPEN, WITH))
    shows(neovim, "    return height * width")
    neovim.nvim.input("<CR>")
    has_text(neovim, BOTH)
    (counts,) = neovim.server("leanwide.stats")["counts"]
    assert (counts["kind"], counts["shown"], counts["accepted"]) == ("edit", 1, 1)
    neovim.until(lambda: neovim.bar == "", "the end of the review")
    neovim.nvim.input("u")
    has_text(neovim, TEXT.replace(OPEN, WITH))
    neovim.nvim.input("u")
    has_text(neovim, TEXT)


@pytest.mark.parametrize(("accepted", "text"), [("2G<Tab>", TEXT.replace(OPEN, WITH)), ("", TEXT)])
def test_stopping_the_model_keeps_what_was_accepted(scripted: Open, accepted: str, text: str):
    neovim = scripted(SLOW + SLOW_REST)
    neovim.nvim.command("1,9LeanwideRefactor use with, and swap the factors")
    shows(neovim, WITH)
    neovim.nvim.input(f"{accepted}q")
    has_text(neovim, text)
    assert added(neovim) == []
    assert neovim.bar == ""
    go(neovim)
    assert neovim.server("leanwide.status")
    assert lines(neovim) == text.splitlines()
    neovim.nvim.input("qa2G")  # the key records a macro again
    neovim.until(lambda: neovim.nvim.funcs.reg_recording() == "a", "a recording")


def test_all_changes_are_one_step_of_undo(scripted: Open):
    neovim = scripted(SLOW + SLOW_REST)
    go(neovim)
    neovim.nvim.command("1,9LeanwideRefactor use with, and swap the factors")
    shows(neovim, WITH + "    return height * width")
    neovim.nvim.input("<CR>")
    has_text(neovim, BOTH)
    neovim.nvim.input("u")
    has_text(neovim, TEXT)


def test_text_that_is_typed_meanwhile_ends_the_request_and_moves_what_was_accepted(scripted: Open):
    neovim = scripted(SLOW + SLOW_REST)
    neovim.nvim.command("1,9LeanwideRefactor use with, and swap the factors")
    shows(neovim, WITH)
    neovim.nvim.input("2G<Tab>ggOimport os<Esc>")
    neovim.until(lambda: any("changed" in notice for notice in neovim.notices()), "a notice")
    has_text(neovim, "import os\n" + TEXT.replace(OPEN, WITH))


def test_what_is_typed_just_before_the_answer_comes_ends_the_review(scripted: Open):
    neovim = scripted(SLOW + SLOW_REST)
    neovim.nvim.command("1,9LeanwideRefactor use with, and swap the factors")
    shows(neovim, WITH)
    neovim.nvim.input("2G<Tab>")
    neovim.until(lambda: "1 accepted" in neovim.bar, "the accepted change")
    type_unsent(neovim, "import os")
    go(neovim)
    neovim.until(lambda: any("changed" in notice for notice in neovim.notices()), "a notice")
    has_text(neovim, "import os\n" + TEXT.replace(OPEN, WITH))
    assert added(neovim) == []


def test_a_diff_of_a_file_that_was_changed_meanwhile_is_not_applied(scripted: Open):
    code = "def test_add():\n    assert add(1, 2) == 3\n"
    neovim = scripted([HOLD, *fenced(code).splitlines(keepends=True)])
    path = neovim.folder / "test_store.py"
    path.write_text("import store\n")
    neovim.nvim.command(f"split {path}")
    neovim.nvim.command("wincmd p")
    neovim.nvim.command("12,13LeanwideTest")
    neovim.open_window()
    (buffer,) = [each for each in neovim.nvim.buffers if each.name == str(path)]
    type_unsent(neovim, "import os", buffer.number)
    go(neovim)
    neovim.until(lambda: "changed meanwhile" in neovim.open_window().text, "why")
    neovim.nvim.input("<CR>")
    assert list(buffer) == ["import os", "import store"]


def test_a_change_is_not_applied_where_its_lines_were_changed(scripted: Open):
    neovim = scripted([fenced("def add(a, b):\n    return b + a\n")])
    neovim.nvim.command("12,13LeanwideRefactor another way")
    shows(neovim, "    return b + a")
    typed = TEXT.replace("a + b", "a - b")
    neovim.nvim.current.buffer[:] = typed.splitlines()
    neovim.nvim.input("<CR>")
    neovim.until(lambda: any("changed" in notice for notice in neovim.notices()), "a notice")
    assert lines(neovim) == typed.splitlines()


def test_an_instruction_on_a_blank_line_is_asked_for_and_written_there(scripted: Open):
    neovim = scripted([HAS])
    neovim.nvim.input("4G:LeanwideEdit<CR>write has(name)<CR>")
    neovim.until(lambda: "def has(name):" in added(neovim), "the new function")
    assert lines(neovim) == LINES
    neovim.nvim.input("<CR>")
    neovim.until(lambda: "def has(name):" in lines(neovim), "the function in the text")
    neovim.nvim.input(":LeanwideEdit<CR><Up>")
    neovim.until(lambda: neovim.nvim.funcs.getcmdline() == "write has(name)", "the instruction")


def test_what_was_rejected_is_asked_for_again_with_a_hint(scripted: Open):
    neovim = scripted([fenced("def add(a, b):\n    return b + a\n")], [HAS.replace("has", "add")])
    neovim.nvim.command("12,13LeanwideRefactor another way")
    shows(neovim, "    return b + a")
    neovim.nvim.input("gajust return True<CR>")
    shows(neovim, "def add(name):\n    return True")
    assert lines(neovim) == LINES
    assert "just return True" in neovim.server("leanwide.lastRequest")[-1]["prompt"]


def test_what_is_asked_again_is_about_the_lines_that_an_accepted_part_moved(scripted: Open):
    longer = "    # one\n    # two\n    # three\n" + OPEN
    both = TEXT.replace(OPEN, longer).replace(PRODUCT, SWAPPED)
    again = both.replace(SWAPPED, "    return 1.0 * height * width\n")
    neovim = scripted(
        [fenced("".join(both.splitlines(keepends=True)[:12]))],
        [fenced("".join(again.splitlines(keepends=True)[:12]))],
    )
    neovim.nvim.command("1,9LeanwideRefactor explain, and swap the factors")
    neovim.until(lambda: "2 changes" in neovim.bar, "both changes")
    neovim.nvim.input("2G<Tab>")
    has_text(neovim, TEXT.replace(OPEN, longer))
    neovim.nvim.input("gaby a float<CR>")
    shows(neovim, "    return 1.0 * height * width")
    neovim.nvim.input("<CR>")
    has_text(neovim, again)


def test_what_was_refused_is_shown_and_asked_for_again(scripted: Open):
    neovim = scripted(["I cannot."], ["I cannot."], [HAS.replace("has", "add")])
    neovim.nvim.command("12,13LeanwideRefactor another way")
    window = neovim.until(
        lambda: found if (found := neovim.window()) and "no change" in found.footer else None,
        "a refusal",
    )
    assert "I cannot." in window.text
    neovim.nvim.input("ga<CR>")
    shows(neovim, "def add(name):\n    return True")
    assert neovim.window() is None


def test_fix_takes_what_any_tool_reports_about_the_line_of_the_cursor(scripted: Open):
    neovim = scripted([fenced("def add(a, b):\n    return int(a + b)\n")])
    neovim.nvim.exec_lua(
        "local space = vim.api.nvim_create_namespace('a linter')\n"
        "vim.diagnostic.set(space, 0, {\n"
        "  { lnum = 12, col = 11, message = 'not an int' },\n"
        "  { lnum = 11, col = 0, message = 'no docstring' },\n"
        "})"
    )
    neovim.nvim.input("13G:LeanwideFix<CR>")
    shows(neovim, "    return int(a + b)")
    prompt = neovim.server("leanwide.lastRequest")[-1]["prompt"]
    assert "not an int" in prompt
    assert "no docstring" not in prompt
    neovim.nvim.input("<CR>")
    has_text(neovim, TEXT.replace("a + b", "int(a + b)"))
