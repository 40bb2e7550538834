from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from leanwide.lab.shapes import TINY
from leanwide.lab.synthetic import Recipe, write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny MoE model, written once."""
    path = tmp_path_factory.mktemp("models") / "tiny.gguf"
    write(path, Recipe(shape=TINY))
    return path
