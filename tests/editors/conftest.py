"""Neovims that the tests share: one for each version."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.editors.debian import install
from tests.editors.neovim import SUITES, Neovim, command


@pytest.fixture(scope="session", params=SUITES, ids=lambda version: f"neovim-{version}")
def shared(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Neovim]:
    program = install(SUITES[request.param]) / "usr/bin/nvim"
    folder = tmp_path_factory.mktemp("neovim")
    editor = Neovim(command(program, folder), folder)
    yield editor
    editor.close()


@pytest.fixture
def neovim(shared: Neovim, tmp_path: Path) -> Neovim:
    shared.fresh(tmp_path)
    return shared
