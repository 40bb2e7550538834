"""The folder of pulled models: the path of each file, the files that are there, and removal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from platformdirs import user_data_path

from leanwide.models.registry import HubFile

PART_SUFFIX: Final = ".part"
"""Suffix of an incomplete file."""


class StoreError(Exception):
    """A file cannot be removed; the message is one sentence for the user."""


def models_folder() -> Path:
    """Return the folder of pulled models, which need not exist."""
    return user_data_path("leanwide") / "models"


def pulled_path(source: HubFile) -> Path:
    """Return the path of a file once it is pulled."""
    return models_folder() / source.repo / source.file


def pulled_models() -> Iterator[Path]:
    """Yield every complete model file in the folder, sorted."""
    yield from sorted(filter(Path.is_file, models_folder().glob("**/*.gguf")))


def unfinished_parts(model: Path) -> Iterator[Path]:
    """Yield the files of unfinished pulls of ``model``."""
    yield from sorted(model.parent.glob(f"{model.name}.*{PART_SUFFIX}"))


def check_inside(model: Path) -> None:
    """Check that a file lies in the folder of pulled models, links resolved.

    Raises:
        StoreError: It does not.
    """
    folder = models_folder().resolve()
    if not model.resolve().is_relative_to(folder):
        raise StoreError(f"{model} is not in {folder}: leanwide removes only what it pulled")


def remove(model: Path) -> int:
    """Remove a pulled model, its unfinished parts and empty folders; return the freed bytes.

    Raises:
        StoreError: It lies outside the folder of pulled models, or the system refuses.
    """
    check_inside(model)
    freed = 0
    try:
        for path in (model, *unfinished_parts(model)):
            if path.exists():
                freed += path.stat().st_size
                path.unlink()
        folder = model.parent
        while folder != models_folder() and not any(folder.iterdir()):
            folder.rmdir()
            folder = folder.parent
    except OSError as error:
        raise StoreError(f"{model} cannot be removed: {error.strerror or error}") from error
    return freed
