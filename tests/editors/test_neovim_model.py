"""A model is chosen in Neovim: downloaded from a hub on this machine, cancelled, and used."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.session import SOURCE
from tests.editors.debian import install
from tests.editors.hub import ENTRY, NAME, hub_of_editors, slow_down
from tests.editors.neovim import SERVER, SUITES, Neovim, command
from tests.models.loopback import Hub


@pytest.fixture
def hub() -> Iterator[Hub]:
    with hub_of_editors() as hub:
        yield hub


@pytest.fixture(params=SUITES, ids=lambda version: f"neovim-{version}")
def editor(request: pytest.FixtureRequest, tmp_path: Path, hub: Hub) -> Iterator[Neovim]:
    """A Neovim whose server asks the hub of this machine and keeps models in the test's folder."""
    variables = (f"HF_ENDPOINT={hub.address}", f"HF_HOME={tmp_path / 'hub'}")
    program = install(SUITES[request.param]) / "usr/bin/nvim"
    started = {"cmd": ["env", *variables, str(SERVER), "serve"]}
    neovim = Neovim(command(program, tmp_path, started), tmp_path)
    yield neovim
    neovim.close()


def said(neovim: Neovim, text: str) -> str:
    """Wait for a notice with this text, and return it."""
    return neovim.until(
        lambda: next((notice for notice in neovim.notices() if text in notice), None), text
    )


def test_a_download_is_cancelled_goes_on_and_its_model_is_used(editor: Neovim, hub: Hub):
    editor.edit(SOURCE)
    slow_down(hub)
    editor.nvim.command(f"LeanwideModel {NAME}")
    editor.until(lambda: "downloading a model: " in editor.statusline(), "the progress")
    editor.until(lambda: hub.ranges[2:], "some bytes")
    editor.nvim.command("LeanwideModel!")
    said(editor, f"the download is stopped; :LeanwideModel {NAME} goes on from there")
    assert "downloading" not in editor.statusline()

    hub.cuts = 0
    editor.nvim.exec_lua(
        """
        vim.ui.select = function(entries, options, done)
          _G.offered = vim.tbl_map(options.format_item, entries)
          for _, entry in ipairs(entries) do
            if entry.name == ... then return done(entry) end
          end
        end
        """.replace("== ...", f"== {json.dumps(NAME)}")
    )
    editor.nvim.command("LeanwideModel")
    notice = said(editor, f"{NAME} is used until Neovim ends")
    assert hub.ranges[-1].startswith("bytes=")
    assert ENTRY.file in notice.partition("[model]\npath = ")[2]
    offered = editor.nvim.exec_lua("return _G.offered")
    assert offered[0].startswith("the embedded model")
    assert any(f"{NAME} · 0.5 GB · Apache-2.0 · both lanes · fits" in each for each in offered)
    editor.edit(SOURCE, "again.py")
    editor.until(
        lambda: ENTRY.file in str(editor.server("leanwide.status").get("model")), "the model"
    )


def test_checkhealth_says_what_to_type_next(editor: Neovim):
    editor.edit(SOURCE)
    editor.nvim.command("checkhealth leanwide")
    shown = "\n".join(editor.nvim.current.buffer[:])
    assert ":LeanwideModel shows what this machine holds" in shown
    assert ":LeanwideExplain explains" in shown
