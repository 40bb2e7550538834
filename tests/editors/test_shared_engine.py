"""Two real Neovims on one engine."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.session import PROGRAM, SOURCE
from tests.editors.debian import install
from tests.editors.neovim import SUITES, Neovim, command


@pytest.fixture
def runtime_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give servers the folder for sockets that a log-in gives them; no engine stays behind."""
    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield
        engine("stop")


def engine(command: str) -> Any:
    """Return what ``leanwide engine`` prints."""
    arguments = [PROGRAM, "engine", command, "--json"]
    return json.loads(subprocess.run(arguments, capture_output=True, check=True, text=True).stdout)


def test_two_neovims_get_suggestions_from_one_engine(tmp_path: Path, runtime_folder: None):
    old, new = (command(install(suite) / "usr/bin/nvim", tmp_path) for suite in SUITES.values())
    with closing(Neovim(old, tmp_path)) as first, closing(Neovim(new, tmp_path)) as second:
        for number, editor in enumerate((first, second)):
            editor.edit(SOURCE, f"store{number}.py")
            editor.nvim.input("Go        save(")
            editor.some_ghost()
        (running,) = engine("list")["engines"]
        assert running["windows"] == 2
