"""Model files with something wrong, as a user may have on disk. Each function returns its path."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gguf

from leanwide.lab.synthetic.shapes import TINY, TINY_DENSE
from leanwide.lab.synthetic.synthetic import Recipe, write
from leanwide.lab.synthetic.vocabulary import VocabularyOptions

if TYPE_CHECKING:
    from pathlib import Path


def empty(folder: Path) -> Path:
    """A file of no bytes."""
    path = folder / "empty.gguf"
    path.touch()
    return path


def not_gguf(folder: Path) -> Path:
    """A web page saved under a model's name."""
    path = folder / "page.gguf"
    path.write_text("<!doctype html><title>Not found</title>" * 100)
    return path


def truncated_header(folder: Path) -> Path:
    """The first kilobyte of a model: it ends inside the vocabulary."""
    return _cut(folder / "truncated-header.gguf", 1_000)


def truncated_weights(folder: Path) -> Path:
    """A model whose download stopped halfway: the header is whole."""
    return _cut(folder / "truncated-weights.gguf", TINY.file_bytes // 2)


def unsupported_architecture(folder: Path) -> Path:
    """A well-formed file of an architecture that nobody has written yet."""
    path = folder / "unsupported.gguf"
    writer = gguf.GGUFWriter(path, "not-an-architecture")
    writer.add_block_count(1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    return path


def without_fim(folder: Path) -> Path:
    """A good model that cannot fill in the middle."""
    path = folder / "without-fim.gguf"
    write(path, Recipe(shape=TINY, vocabulary=VocabularyOptions(fim=False)))
    return path


def without_chat_template(folder: Path) -> Path:
    """A good model that was not made for chat."""
    path = folder / "without-chat-template.gguf"
    write(path, Recipe(shape=TINY, vocabulary=VocabularyOptions(chat_template=False)))
    return path


def dense(folder: Path) -> Path:
    """A good model without experts."""
    path = folder / "dense.gguf"
    write(path, Recipe(shape=TINY_DENSE))
    return path


def _cut(path: Path, size: int) -> Path:
    write(path, Recipe(shape=TINY))
    with path.open("r+b") as file:
        file.truncate(size)
    return path
