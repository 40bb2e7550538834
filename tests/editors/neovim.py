"""A real Neovim with the plugin and the real server, driven over Neovim's RPC."""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

import pynvim
from attrs import frozen

_T = TypeVar("_T")

SUITES: Final = {"0.12": "sid", "0.10": "trixie"}
"""The Debian suite of each tested Neovim version."""
PLUGIN: Final = Path(__file__).parents[2] / "editors/neovim"
SERVER: Final = Path(sys.executable).with_name("leanwide")
WAIT: Final = 30.0
"""Most seconds to wait for anything, on a busy machine."""

GHOSTS: Final = """
local found = {}
for _, space in pairs(vim.api.nvim_get_namespaces()) do
  for _, mark in ipairs(vim.api.nvim_buf_get_extmarks(0, space, 0, -1, { details = true })) do
    local text = mark[4].virt_text
    if text and (mark[4].virt_text_pos == "inline" or mark[4].virt_text_pos == "overlay") then
      local lines = { text[1][1] }
      for _, line in ipairs(mark[4].virt_lines or {}) do
        table.insert(lines, line[1][1])
      end
      table.insert(found, table.concat(lines, "\\n"))
    end
  end
end
return found
"""


def command(program: Path, folder: Path, more: Mapping[str, Any] = {}) -> list[str]:
    """Return the command that starts a Neovim with the plugin; it writes into ``folder`` only.

    Args:
        program: The Neovim to start.
        folder: Where its configuration and its state are.
        more: Options of the plugin.
    """
    options = {"cmd": [str(SERVER), "serve"], **more}
    return configured(program, folder, _INIT.format(plugin=PLUGIN, options=json.dumps(options)))


def configured(program: Path, folder: Path, init: str) -> list[str]:
    """Return the command that starts a Neovim with an ``init.lua``, both in ``folder`` only."""
    homes = [f"XDG_{kind}_HOME={folder / kind}" for kind in ("STATE", "DATA", "CACHE", "CONFIG")]
    path = folder / "init.lua"
    path.write_text(init)
    return ["env", *homes, str(program), "--clean", "-n", "-u", str(path)]


@frozen
class Window:
    """What a floating window shows."""

    title: str
    footer: str
    text: str


class Neovim:
    """One Neovim with one server. Tests share it: each begins with :meth:`fresh`."""

    def __init__(self, started_by: list[str], folder: Path) -> None:
        self.nvim = pynvim.attach("child", argv=[*started_by, "--embed", "--headless"])
        self.folder = folder

    def fresh(self, folder: Path) -> None:
        """Close windows and files of an earlier test, clear its notices, and use another folder."""
        self.folder = folder
        self.nvim.input("<C-\\><C-n>")
        self.nvim.command("silent! %bwipeout!")
        self.nvim.exec_lua("_G.notices = {}; vim.diagnostic.reset()")

    def edit(self, text: str, name: str = "store.py") -> Path:
        """Write and open a file; wait until the server is attached and its model is loaded."""
        path = self.folder / name
        path.write_text(text)
        self.nvim.command(f"edit {path}")
        self.wait("return (require('leanwide.client').find() or {}).initialized")
        self.wait("return require('leanwide.client').status.state == 'idle'")
        return path

    def wait(self, lua: str, seconds: float = WAIT) -> Any:
        """Run Lua until its result is true, and return the result."""
        return self.until(lambda: self.nvim.exec_lua(lua), lua, seconds)

    def until(self, found: Callable[[], _T | None], what: str = "it", seconds: float = WAIT) -> _T:
        """Call ``found`` until its result is true, and return the result."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if result := found():
                return result
            time.sleep(0.02)
        raise AssertionError(
            f"waited {seconds:.0f} s for {what}; {self.nvim.current.buffer[:]}; {self.notices()}"
        )

    def ghost(self) -> str:
        """Return the ghost text, "" where there is none."""
        return "".join(self.nvim.exec_lua(GHOSTS))

    def some_ghost(self) -> str:
        """Wait for ghost text, and return it."""
        return self.until(self.ghost, "ghost text")

    def server(self, command: str) -> Any:
        """Return the result of a command of the server, such as ``leanwide.status``."""
        return self.nvim.exec_lua(_RUN, command)

    def window(self) -> Window | None:
        """Return the floating window, None where there is none."""
        found: list[str] | None = self.nvim.exec_lua(_WINDOW)
        return Window(*found) if found else None

    def open_window(self) -> Window:
        """Wait for a floating window, and return it."""
        return self.until(self.window, "a window")

    def notices(self) -> list[str]:
        """Return the notices since the test began."""
        return list(self.nvim.exec_lua("return _G.notices"))

    def statusline(self) -> str:
        """Return the plugin's text for a statusline."""
        return str(self.nvim.exec_lua("return require('leanwide').status()"))

    @property
    def bar(self) -> str:
        """What stands over the window's text, "" where nothing does."""
        return str(self.nvim.current.window.options["winbar"])

    @property
    def line(self) -> str:
        """The cursor's line."""
        return str(self.nvim.current.line)

    def close(self) -> None:
        """End Neovim, and the server with it."""
        with contextlib.suppress(OSError, EOFError):  # it closes the pipe without an answer
            self.nvim.command("qall!")
        self.nvim.close()


_WINDOW: Final = """
for _, id in ipairs(vim.api.nvim_list_wins()) do
  local config = vim.api.nvim_win_get_config(id)
  if config.relative ~= "" then
    local lines = vim.api.nvim_buf_get_lines(vim.api.nvim_win_get_buf(id), 0, -1, false)
    return { config.title[1][1], config.footer[1][1], table.concat(lines, "\\n") }
  end
end
"""

_RUN: Final = """
local command, answer = ..., nil
local buffer = next(vim.lsp.get_clients({ name = "leanwide" })[1].attached_buffers)
require("leanwide.client").run(buffer, command, { done = function(result) answer = result end })
vim.wait(5000, function() return answer end)
return answer
"""

_INIT: Final = """
vim.opt.runtimepath:prepend("{plugin}")
vim.o.swapfile = false
vim.o.columns, vim.o.lines = 100, 30
_G.notices = {{}}
vim.notify = function(message) table.insert(_G.notices, message) end
require("leanwide").setup(vim.json.decode([==[{options}]==]))
"""
