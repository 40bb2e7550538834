from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanwide.lab.synthetic.shapes import TINY
from leanwide.lab.synthetic.synthetic import Recipe, write

if TYPE_CHECKING:
    from pathlib import Path


FUNCTION = """
def function_{0}(name, values=()):
    result = [value for value in values if value != name]
    print("function", {0}, name, len(result))
    return sorted(result, key=str)
"""


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
