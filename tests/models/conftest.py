from __future__ import annotations

from pathlib import Path

import pytest

from leanwide_bench.synthetic.shapes import TINY
from leanwide_bench.synthetic.synthetic import Recipe, write


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny MoE model, written once."""
    path = tmp_path_factory.mktemp("models") / "tiny.gguf"
    write(path, Recipe(shape=TINY))
    return path
