"""Neovim with the plugin and a server on a port, configured as docs/editors.md says."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.e2e.session import PROGRAM
from tests.editors.debian import install
from tests.editors.neovim import PLUGIN, SUITES
from tests.editors.snippets import snippet

CODE = "def load(path):\n    return "
LUA = """
vim.opt.runtimepath:prepend("{plugin}")
{snippet}
vim.cmd.edit("{file}")
local client = require("leanwide.client")
local function wait(what)
  assert(vim.wait(30000, what, 20), vim.inspect(client.status))
end
wait(function() return (client.find() or {{}}).initialized end)
wait(function() return client.status.state == "idle" end)
local answer
client.run(0, "leanwide.status", {{ done = function(result) answer = result end }})
wait(function() return answer end)
vim.cmd("checkhealth leanwide")
local health = table.concat(vim.api.nvim_buf_get_lines(0, 0, -1, false), "\\n")
io.stdout:write(answer.model.name, "\\n", health, "\\n")
vim.cmd("qall!")
"""


@contextmanager
def listening(state: Path) -> Iterator[int]:
    """Yield the port of a server that keeps its token below a folder."""
    command = ("env", f"XDG_STATE_HOME={state}", PROGRAM, "serve", "--tcp", "127.0.0.1:0")
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.search(r"listens on 127\.0\.0\.1:(\d+)", process.stderr.readline())
        assert found is not None
        try:
            yield int(found[1])
            assert process.poll() is None
        finally:
            process.terminate()


@pytest.mark.parametrize("version", SUITES)
def test_neovim_connects_with_the_documented_lines(tmp_path: Path, version: str):
    file = tmp_path / "store.py"
    file.write_text(CODE)
    script = tmp_path / "script.lua"
    homes = [f"XDG_{kind}_HOME={tmp_path / kind}" for kind in ("STATE", "DATA", "CACHE", "CONFIG")]
    program = str(install(SUITES[version]) / "usr/bin/nvim")
    with listening(tmp_path / "STATE") as port:
        lines = snippet("init.lua").replace("7777", str(port))
        script.write_text(LUA.format(plugin=PLUGIN, snippet=lines, file=file))
        command = ("env", *homes, program, "--clean", "-n", "--headless", "-u", "NONE")
        result = subprocess.run(
            (*command, "-S", str(script)), capture_output=True, text=True, timeout=120, check=False
        )
    assert "leanwide" in result.stdout, result.stderr
    assert "listens on a port" in result.stdout, result.stdout
    assert "ERROR" not in result.stdout
