"""The folder of pulled models: where each file is, which are there, and how one goes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from platformdirs import user_data_path

from leanwide.models.registry import HubFile

PART_SUFFIX: Final = ".part"
"""Behind the name of a file that is not complete."""


class StoreError(Exception):
    """The folder does not allow what was asked; the message is one sentence for the user."""


def models_folder() -> Path:
    """Give the folder of pulled models; it need not exist."""
    return user_data_path("leanwide") / "models"


def place(source: HubFile) -> Path:
    """Give where the file is, or would be once it is pulled."""
    return models_folder() / source.repo / source.file


def pulled() -> Iterator[Path]:
    """Give every complete model file in the folder, sorted."""
    yield from sorted(filter(Path.is_file, models_folder().glob("**/*.gguf")))


def parts(model: Path) -> Iterator[Path]:
    """Give what an unfinished pull of ``model`` left behind."""
    yield from sorted(model.parent.glob(f"{model.name}.*{PART_SUFFIX}"))


def check_inside(model: Path) -> None:
    """Refuse a file that is not leanwide's to remove.

    Raises:
        StoreError: It lies outside the folder of pulled models, perhaps behind a link.
    """
    folder = models_folder().resolve()
    if not model.resolve().is_relative_to(folder):
        raise StoreError(f"{model} is not in {folder}: leanwide removes only what it pulled")


def remove(model: Path) -> int:
    """Remove a pulled model and what is left of unfinished pulls; give the bytes that are free now.

    Raises:
        StoreError: It lies outside the folder of pulled models, or the system refuses.
    """
    check_inside(model)
    freed = 0
    try:
        for path in (model, *parts(model)):
            if path.exists():
                freed += path.stat().st_size
                path.unlink()
        _tidy(model.parent)
    except OSError as error:
        raise StoreError(f"{model} cannot be removed: {error.strerror or error}") from error
    return freed


def _tidy(folder: Path) -> None:
    """Remove folders that hold nothing any more."""
    while folder != models_folder() and not any(folder.iterdir()):
        folder.rmdir()
        folder = folder.parent
