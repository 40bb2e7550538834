"""Neovim with a server that prefills 60 tokens a second and decodes 13."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.session import SOURCE
from tests.e2e.slow import SLOW
from tests.editors.debian import install
from tests.editors.neovim import SUITES, Neovim, command

TEXT = SOURCE.rstrip(" ") + "        if name in self.settings:\n"
OPTIONS = {"cmd": SLOW, "settings": {"modes": {"code": {"deadline_ms": 200}}}}


@pytest.fixture(params=SUITES, ids=lambda version: f"neovim-{version}")
def slow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Neovim]:
    program = install(SUITES[request.param]) / "usr/bin/nvim"
    editor = Neovim(command(program, tmp_path, OPTIONS), tmp_path)
    yield editor
    editor.close()


def test_a_suggestion_is_shown_early_and_grows_without_a_key(slow: Neovim):
    slow.edit(TEXT)
    slow.nvim.command("normal! G")
    slow.nvim.input("o" + 12 * " ")
    first = slow.some_ghost()
    whole = slow.until(lambda: slow.ghost() if len(slow.ghost()) > len(first) else None, "more")
    assert whole.startswith(first)
