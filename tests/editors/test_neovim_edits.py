"""Changes in Neovim that the embedded model proposes: shown as a diff, then applied or rejected.

The model is weak, and what it writes is of no matter here: the first definition for which it gives
anything that still parses will do.
"""

from __future__ import annotations

import difflib
from pathlib import Path

import pytest

from tests.e2e.session import SOURCE
from tests.editors.neovim import Neovim

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
    """Run a command on one definition after the other until a change is proposed; its diff."""
    for line in reversed(DEFINITIONS):
        neovim.nvim.funcs.cursor(line, 9)
        neovim.nvim.command(command)
        _, footer, text = neovim.until(lambda: settled(neovim), "the end of the answer")
        if "apply" in footer:
            return text.split("\n")
        reject(neovim)
    pytest.fail("the embedded model proposed nothing")


def settled(neovim: Neovim) -> list[str] | None:
    """The window's title, footer and text, when the model has said all."""
    window = neovim.window()
    return (
        window if window is not None and window[1].strip().endswith(("close", "reject")) else None
    )


def reject(neovim: Neovim) -> None:
    neovim.nvim.input("q")
    neovim.until(lambda: neovim.window() is None, "no window")


def changed_lines(diff: list[str]) -> list[str]:
    return [line for line in diff if line[:1] in ("+", "-") and line[:3] not in ("+++", "---")]


@pytest.mark.parametrize("command", ["LeanwideRefactor Add type annotations.", "LeanwideDocument"])
def test_a_change_is_a_diff_first_and_is_applied_only_when_told(neovim: Neovim, command: str):
    path = neovim.edit(TEXT)
    before = neovim.nvim.current.buffer[:]
    diff = proposal(neovim, command)
    assert diff[0].endswith("store.py")
    reject(neovim)
    assert neovim.nvim.current.buffer[:] == before
    assert not neovim.nvim.current.buffer.options["modified"]

    neovim.nvim.command(command)
    neovim.until(lambda: settled(neovim), "the end of the answer")
    assert neovim.window()[2].split("\n") == diff
    neovim.nvim.input("<CR>")
    neovim.until(lambda: neovim.nvim.current.buffer[:] != before, "the change")
    assert neovim.window() is None
    neovim.nvim.command("write")
    after = path.read_text().split("\n")
    assert changed_lines(list(difflib.unified_diff(TEXT.split("\n"), after))) == changed_lines(diff)


def test_a_change_of_text_that_changed_meanwhile_is_not_applied(neovim: Neovim):
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
def test_a_code_action_is_what_the_command_is(neovim: Neovim, title: str):
    neovim.edit(TEXT)
    before = neovim.nvim.current.buffer[:]
    neovim.nvim.funcs.cursor(DEFINITIONS[-1], 9)
    neovim.nvim.exec_lua(
        "local title = ...\n"
        "local function wanted(one) return one.title == title end\n"
        "vim.lsp.buf.code_action({ apply = true, filter = wanted })",
        f"{title} with leanwide",
    )
    window = neovim.until(lambda: settled(neovim), "the end of the answer")
    assert window[0].strip() == title
    assert window[2]
    reject(neovim)
    assert neovim.nvim.current.buffer[:] == before


def test_an_instruction_is_asked_for_and_a_test_becomes_a_file(neovim: Neovim):
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
    """The lines of a buffer by its file's name, [] where there is none."""
    found = [one for one in neovim.nvim.buffers if one.name == str(path)]
    return found[0][:] if found else []


def test_a_fix_is_told_what_is_reported_and_a_refusal_says_why(neovim: Neovim):
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
    _, footer, text = neovim.until(lambda: settled(neovim), "the end of the answer")
    assert footer.strip().startswith("no change")
    assert text.startswith("There is nothing to document here")
    reject(neovim)
