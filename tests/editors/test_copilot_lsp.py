"""Next edits in the Neovim plugin copilot-lsp, with our server in the place of Copilot's.

No package registry has the plugin. With ``LEANWIDE_COPILOT_LSP``, the folder of a checkout, it is
run as it comes; without, Neovim itself sends what the plugin sends.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.editors.debian import install
from tests.editors.neovim import SERVER, SUITES, Neovim, configured
from tests.editors.snippets import snippet

CHECKOUT: Final = os.environ.get("LEANWIDE_COPILOT_LSP", "")
AREA: Final = """\
def area(größe, height):
    log("€", größe, height)
    return größe * height
"""
"""The plugin counts in UTF-16, and the other encodings count otherwise in these lines."""

_PLAIN: Final = """
vim.lsp.config("leanwide", {
  cmd = { "leanwide", "serve" },
  filetypes = { "python" },
  capabilities = { general = { positionEncodings = { "utf-16" } } },
})
vim.lsp.enable("leanwide")
"""

_ACCEPT: Final = """
local client = vim.lsp.get_clients()[1]
local params = vim.lsp.util.make_position_params(0, "utf-16")
params.textDocument.version = vim.lsp.util.buf_versions[vim.api.nvim_get_current_buf()]
local answer = client:request_sync("textDocument/copilotInlineEdit", params)
local edit = answer.result.edits[1]
if not edit then return end
client:notify("textDocument/didShowInlineEdit", { item = { command = edit.command } })
edit.newText = edit.text
vim.lsp.util.apply_text_edits({ edit }, vim.api.nvim_get_current_buf(), "utf-16")
return edit.text
"""


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[[str], Neovim]]:
    """Open Neovim with a configuration and the file, and wait until the server is attached."""
    editors = []

    def started(init: str) -> Neovim:
        program = install(SUITES["0.12"]) / "usr/bin/nvim"
        ours = init.replace('cmd = { "leanwide", "serve" }', f'cmd = {{ "{SERVER}", "serve" }}')
        neovim = Neovim(configured(program, tmp_path, ours), tmp_path)
        editors.append(neovim)
        (tmp_path / "area.py").write_text(AREA)
        neovim.nvim.command(f"edit {tmp_path / 'area.py'}")
        neovim.wait("return (vim.lsp.get_clients()[1] or {}).initialized")
        return neovim

    yield started
    for neovim in editors:
        neovim.close()


def rename(neovim: Neovim) -> None:
    """Rename the parameter in the first line; its uses still have the old name."""
    neovim.nvim.input("gg0fgcwsize<Esc>")
    neovim.until(lambda: neovim.line.startswith("def area(size,"), "the new name")


def has_new_name(neovim: Neovim) -> None:
    lines = AREA.replace("größe", "size").splitlines()
    neovim.until(lambda: neovim.nvim.current.buffer[:] == lines, "the new name everywhere")


def test_what_the_plugin_sends_brings_one_edit_after_the_other(opened: Callable[[str], Neovim]):
    neovim = opened(_PLAIN)
    rename(neovim)
    for _ in range(2):
        assert neovim.nvim.exec_lua(_ACCEPT) == "size"
    has_new_name(neovim)
    assert neovim.nvim.exec_lua(_ACCEPT) is None


@pytest.mark.skipif(not CHECKOUT, reason="LEANWIDE_COPILOT_LSP names no checkout of copilot-lsp")
def test_the_plugin_shows_and_accepts_next_edits_as_documented(opened: Callable[[str], Neovim]):
    path = f"vim.opt.runtimepath:prepend('{CHECKOUT}')\n"
    neovim = opened(path + snippet("copilot-lsp.lua"))
    rename(neovim)
    for _ in range(2):
        neovim.wait("return vim.b.nes_state ~= nil")
        neovim.nvim.input("<Tab>")
        neovim.wait(
            "return vim.api.nvim_win_get_cursor(0)[1] - 1 == vim.b.nes_state.range.start.line"
        )
        neovim.nvim.input("<Tab>")
        neovim.wait("return vim.b.nes_state == nil")
    has_new_name(neovim)
