"""Changes in Neovim that the embedded model proposes: shown as a diff, then applied or rejected.

The model is weak, so the tests do not judge what it writes: they use the first definition for which
it proposes anything that still parses.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.e2e.session import SOURCE
from tests.editors.neovim import Neovim, Window

TEXT = (
    SOURCE.rstrip(" ")
    + """

def read_file(path):
    with open(path) as file:
        return file.read()


def is_valid(value):
    return isinstance(value, str)


def get_version():
    return __version__
"""
)
DEFINITIONS = [number for number, line in enumerate(TEXT.split("\n"), 1) if "def " in line]


def proposal(neovim: Neovim, command: str) -> list[str]:
    """Run a command on one definition after the other; return the first diff that is proposed."""
    for line in reversed(DEFINITIONS):
        neovim.nvim.funcs.cursor(line, 9)
        neovim.nvim.command(command)
        window = neovim.until(lambda: settled(neovim), "the end of the answer")
        if "apply" in window.footer:
            return window.text.split("\n")
        reject(neovim)
    pytest.fail("the embedded model proposed nothing")


def settled(neovim: Neovim) -> Window | None:
    """Return the floating window when the answer in it is complete, else None."""
    window = neovim.window()
    if window is None or not window.footer.strip().endswith(("close", "reject")):
        return None
    return window


def reject(neovim: Neovim) -> None:
    neovim.nvim.input("q")
    neovim.until(lambda: neovim.window() is None, "no window")


def changed_lines(diff: list[str]) -> list[str]:
    return [line for line in diff if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")]


@pytest.mark.parametrize("command", ["LeanwideRefactor Add type annotations.", "LeanwideDocument"])
def test_a_change_is_shown_as_a_diff_and_applied_on_enter(neovim: Neovim, command: str):
    path = neovim.edit(TEXT)
    before = neovim.nvim.current.buffer[:]
    diff = proposal(neovim, command)
    assert diff[0].endswith("store.py")
    reject(neovim)
    assert neovim.nvim.current.buffer[:] == before
    assert not neovim.nvim.current.buffer.options["modified"]

    neovim.nvim.command(command)
    window = neovim.until(lambda: settled(neovim), "the end of the answer")
    assert window.text.split("\n") == diff
    neovim.nvim.input("<CR>")
    neovim.until(lambda: neovim.nvim.current.buffer[:] != before, "the change")
    assert neovim.window() is None
    neovim.nvim.command("write")
    after = path.read_text().split("\n")
    assert changed_lines(list(difflib.unified_diff(TEXT.split("\n"), after))) == changed_lines(diff)


def test_a_change_is_not_applied_after_the_buffer_changed(neovim: Neovim):
    neovim.edit(TEXT)
    buffer = neovim.nvim.current.buffer
    proposal(neovim, "LeanwideRefactor Add type annotations.")
    buffer[0] = "import os"
    typed = buffer[:]
    neovim.nvim.input("<CR>")
    neovim.until(neovim.notices, "a notice")
    assert "changed meanwhile" in neovim.notices()[0]
    assert buffer[:] == typed


@pytest.mark.parametrize("title", ["Document", "Explain"])
def test_a_code_action_does_the_same_as_the_command(neovim: Neovim, title: str):
    neovim.edit(TEXT)
    before = neovim.nvim.current.buffer[:]
    neovim.nvim.funcs.cursor(DEFINITIONS[-1], 9)
    neovim.nvim.exec_lua(
        "local title = ...\n"
        "local function wanted(action) return action.title == title end\n"
        "vim.lsp.buf.code_action({ apply = true, filter = wanted })",
        f"{title} with leanwide",
    )
    window = neovim.until(lambda: settled(neovim), "the end of the answer")
    assert window.title.strip() == title
    assert window.text
    reject(neovim)
    assert neovim.nvim.current.buffer[:] == before


def test_refactor_asks_for_an_instruction_and_a_test_becomes_a_file(neovim: Neovim):
    path = neovim.edit(TEXT)
    neovim.nvim.funcs.cursor(DEFINITIONS[0], 9)
    neovim.nvim.input(":LeanwideRefactor<CR>Add type annotations.<CR>")
    neovim.until(lambda: settled(neovim), "the end of the answer")
    assert "Add type annotations." in neovim.server("leanwide.lastRequest")[-1]["prompt"]
    reject(neovim)

    diff = proposal(neovim, "LeanwideTest")
    target = path.with_name("test_store.py")
    assert diff[1].endswith("test_store.py")
    neovim.nvim.input("<CR>")
    written = [line[1:] for line in changed_lines(diff)]
    neovim.until(lambda: text_of(neovim, target) == written, "the test")


def text_of(neovim: Neovim, path: Path) -> list[str]:
    """Return the lines of a file's buffer, none where it has no buffer."""
    found = [buffer for buffer in neovim.nvim.buffers if buffer.name == str(path)]
    return list(found[0]) if found else []


def test_fix_sends_the_diagnostics_and_a_refusal_says_why(neovim: Neovim):
    neovim.edit(TEXT)
    neovim.nvim.exec_lua(
        "local reported = { lnum = 23, col = 8, message = '`name` may be missing' }\n"
        "vim.diagnostic.set(vim.api.nvim_create_namespace('test'), 0, { reported })"
    )
    neovim.nvim.command("23,24LeanwideFix")
    neovim.until(lambda: settled(neovim), "the end of the answer")
    assert "`name` may be missing" in neovim.server("leanwide.lastRequest")[-1]["prompt"]
    reject(neovim)

    neovim.nvim.command("2LeanwideDocument")
    window = neovim.until(lambda: settled(neovim), "the end of the answer")
    assert window.footer.strip().startswith("no change")
    assert window.text.startswith("There is nothing to document here")
    reject(neovim)
