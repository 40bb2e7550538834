"""Fixtures for every test: model files made on the spot, and servers on stdio."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from leanwide_bench.synthetic.shapes import TINY
from leanwide_bench.synthetic.synthetic import Recipe, write

settings.register_profile("leanwide", deadline=None)  # a busy machine is no failure
settings.load_profile("leanwide")


FUNCTION = """
def function_{0}(name, values=()):
    result = [value for value in values if value != name]
    print("function", {0}, name, len(result))
    return sorted(result, key=str)
"""


@pytest.fixture(autouse=True, scope="session")
def folders_of_our_own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep caches, logs and settings of programs under test apart from the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("XDG_CONFIG_HOME", str(tmp_path_factory.mktemp("config")))
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        patch.delenv("XDG_RUNTIME_DIR", raising=False)  # each server has an engine of its own
        yield


@pytest.fixture(autouse=True, scope="module")
def garbage_is_collected_between_modules() -> None:
    """Collect garbage now, and never the oldest in a test.

    A server freezes what it imports; a test process holds a gigabyte, and a search in all of it
    takes up to 400 ms, at any line: more than the limits of work that is under test.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*gc.get_threshold()[:2], 1_000_000)


@pytest.fixture(autouse=True)
def a_cache_of_its_own(tmp_path_factory: pytest.TempPathFactory, monkeypatch) -> None:
    """Let no test find what another one left."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let searches take longer than they do by default."""
    parser.addoption("--hostile", type=int, default=2, help="hostile texts of each language")
    parser.addoption("--templates", type=Path, help="a folder of chat templates")
    parser.addoption("--real-model", type=Path, help="a GGUF file that others made")
    parser.addoption("--hostile-size", type=int, default=30_000, help="characters of each")


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A folder, with a name that needs care, of more than enough to complete."""
    folder = tmp_path / "code & <more>"
    folder.mkdir()
    for number in range(12):
        text = "".join(FUNCTION.format(10 * number + inner) for inner in range(4))
        (folder / f"part_{number}.py").write_text(text)
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny MoE model, written once."""
    path = tmp_path_factory.mktemp("models") / "tiny.gguf"
    write(path, Recipe(shape=TINY))
    return path


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], Any]]:
    """Give servers the folder for sockets of a log-in; yield what runs ``leanwide engine``.

    No engine stays behind.
    """

    def run(command: str) -> Any:
        program = str(Path(sys.executable).with_name("leanwide"))
        done = subprocess.run(
            [program, "engine", command, "--json"], capture_output=True, check=True, text=True
        )
        return json.loads(done.stdout)

    with tempfile.TemporaryDirectory() as folder:
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield run
        run("stop")
