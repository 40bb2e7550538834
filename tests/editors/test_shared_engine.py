"""Two real Neovims on one engine."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.e2e.session import SOURCE
from tests.editors.debian import install
from tests.editors.neovim import SUITES, Neovim, command


def test_two_neovims_get_suggestions_from_one_engine(tmp_path: Path, engine: Callable[[str], Any]):
    old, new = (command(install(suite) / "usr/bin/nvim", tmp_path) for suite in SUITES.values())
    with closing(Neovim(old, tmp_path)) as first, closing(Neovim(new, tmp_path)) as second:
        for number, editor in enumerate((first, second)):
            editor.edit(SOURCE, f"store{number}.py")
            editor.nvim.input("Go        save(")
            editor.some_ghost()
        (running,) = engine("list")["engines"]
        assert running["windows"] == 2
