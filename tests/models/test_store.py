"""The folder of pulled models."""

from __future__ import annotations

from pathlib import Path

import pytest

from leanwide.models.registry import HubFile
from leanwide.models.store import StoreError, models_folder, pulled_models, pulled_path, remove

SOURCE = HubFile("somebody/model", "deep/model.gguf")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leanwide.models.store.user_data_path", lambda _: tmp_path)


def fill(path: Path, size: int) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes(size))
    return path


def test_removing_a_model_removes_its_parts_and_empty_folders():
    model = fill(pulled_path(SOURCE), 100)
    fill(model.with_name("model.gguf.0123456789ab.part"), 20)
    other = fill(pulled_path(HubFile("somebody/other", "other.gguf")), 1)
    assert remove(model) == 120
    assert list(pulled_models()) == [other]
    assert not (models_folder() / "somebody" / "model").exists()


def test_a_file_outside_the_folder_is_never_removed(tmp_path: Path):
    outside = fill(tmp_path / "mine.gguf", 1)
    link = pulled_path(SOURCE)
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    for path in (outside, link, models_folder() / ".." / "mine.gguf"):
        with pytest.raises(StoreError, match="removes only what it pulled"):
            remove(path)
    assert outside.exists()
