"""Changes in Neovim that the embedded model proposes: in the text, or as a diff of a new file.

The model is weak, so the tests do not judge what it writes: they use the first definition for which
it proposes anything that still parses.
"""

from __future__ import annotations

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


def propose(neovim: Neovim, command: str) -> None:
    """Run a command on one definition after the other, until the model proposes a change."""
    for line in reversed(DEFINITIONS):
        neovim.nvim.funcs.cursor(line, 9)
        neovim.nvim.command(command)
        if neovim.until(lambda: ended(neovim), "the end of the answer") != "refused":
            return
        reject(neovim)
    pytest.fail("the embedded model proposed nothing")


def ended(neovim: Neovim) -> str | None:
    """Return how an answer ended: "refused", "diff" or "review"; None while the model writes."""
    if window := settled(neovim):
        return "diff" if "apply" in window.footer else "refused"
    return "review" if "q none" in neovim.bar else None


def settled(neovim: Neovim) -> Window | None:
    """Return the floating window when the answer in it is complete, else None."""
    window = neovim.window()
    if window is None or not window.footer.strip().endswith(("close", "reject")):
        return None
    return window


def reject(neovim: Neovim) -> None:
    neovim.nvim.input("q")
    neovim.until(lambda: neovim.window() is None and neovim.bar == "", "no window")


@pytest.mark.parametrize("command", ["LeanwideRefactor Add type annotations.", "LeanwideDocument"])
def test_a_change_is_shown_in_the_text_and_applied_on_enter(neovim: Neovim, command: str):
    path = neovim.edit(TEXT)
    before = neovim.nvim.current.buffer[:]
    propose(neovim, command)
    reject(neovim)
    assert neovim.nvim.current.buffer[:] == before
    assert not neovim.nvim.current.buffer.options["modified"]

    neovim.nvim.command(command)
    assert neovim.until(lambda: ended(neovim), "the end of the answer") == "review"
    neovim.nvim.input("<CR>")
    neovim.until(lambda: neovim.nvim.current.buffer[:] != before, "the change")
    assert neovim.bar == ""
    neovim.nvim.command("write")
    assert path.read_text().splitlines() == neovim.nvim.current.buffer[:]


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
    neovim.until(lambda: ended(neovim), "the end of the answer")
    window = neovim.window()
    assert title.lower() in (window.title.lower() if window else neovim.bar)
    reject(neovim)
    assert neovim.nvim.current.buffer[:] == before


def test_a_test_is_shown_as_a_diff_and_becomes_a_file(neovim: Neovim):
    path = neovim.edit(TEXT)
    propose(neovim, "LeanwideTest")
    diff = neovim.open_window().text.split("\n")
    target = path.with_name("test_store.py")
    assert diff[1].endswith("test_store.py")
    neovim.nvim.input("<CR>")
    written = [line[1:] for line in diff if line[:1] == "+" and line[:3] != "+++"]
    neovim.until(lambda: text_of(neovim, target) == written, "the test")


def text_of(neovim: Neovim, path: Path) -> list[str]:
    """Return the lines of a file's buffer, none where it has no buffer."""
    found = [buffer for buffer in neovim.nvim.buffers if buffer.name == str(path)]
    return list(found[0]) if found else []


def test_a_refusal_says_why(neovim: Neovim):
    neovim.edit(TEXT)
    neovim.nvim.command("2LeanwideDocument")
    window = neovim.until(lambda: settled(neovim), "the end of the answer")
    assert window.footer.strip().startswith("no change")
    assert window.text.startswith("There is nothing to document here")
    reject(neovim)
