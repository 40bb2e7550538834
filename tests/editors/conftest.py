"""Neovims that the tests share, one for each version, and Neovims of a test's own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.editors.debian import install
from tests.editors.neovim import SUITES, Neovim, command

Open = Callable[..., Neovim]


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


@pytest.fixture(params=SUITES, ids=lambda version: f"neovim-{version}")
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Open]:
    """Open Neovim with a server's command, a file with this text, and options of the plugin."""
    editors = []

    def started(by: list[str], text: str, name: str = "store.py", **options: object) -> Neovim:
        program = install(SUITES[request.param]) / "usr/bin/nvim"
        neovim = Neovim(command(program, tmp_path, {"cmd": by, **options}), tmp_path)
        editors.append(neovim)
        path = tmp_path / name
        path.write_text(text, newline="")
        neovim.nvim.command(f"edit {path}")
        neovim.wait("return (require('leanwide.client').find() or {}).initialized")
        return neovim

    yield started
    for neovim in editors:
        neovim.close()
