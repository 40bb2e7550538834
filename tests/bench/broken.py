"""Model files that lack something or are broken. Each function writes one and returns its path."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

import gguf

from leanwide_bench.synthetic.shapes import TINY, TINY_DENSE
from leanwide_bench.synthetic.synthetic import Recipe, write
from leanwide_bench.synthetic.vocabulary import VocabularyOptions

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
    """A well-formed file of an architecture that llama.cpp does not have."""
    path = folder / "unsupported.gguf"
    writer = gguf.GGUFWriter(path, "not-an-architecture")
    writer.add_block_count(1)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    writer.close()
    return path


def no_layers(folder: Path) -> Path:
    """A model whose header says that it has no layers."""
    return _with_number(folder / "no-layers.gguf", "qwen3moe.block_count", 0)


def endless_experts(folder: Path) -> Path:
    """A model whose header says that it has two thousand million experts."""
    return _with_number(folder / "endless-experts.gguf", "qwen3moe.expert_count", 2**31 - 1)


def repeated_token(folder: Path) -> Path:
    """A model whose tokens all have the same text: llama.cpp aborts its process."""
    path = folder / "repeated-token.gguf"
    write(path, Recipe(shape=TINY))
    data = path.read_bytes()
    at = _after(data, "tokenizer.ggml.tokens") + 8
    (count,) = struct.unpack_from("<Q", data, at)
    at += 8
    tokens = bytearray()
    for _ in range(count):
        (length,) = struct.unpack_from("<Q", data, at)
        tokens += struct.pack("<Q", length) + b"a" * length
        at += 8 + length
    path.write_bytes(data[: at - len(tokens)] + tokens + data[at:])
    return path


def without_fim(folder: Path) -> Path:
    """A good model that cannot fill in the middle."""
    path = folder / "without-fim.gguf"
    write(path, Recipe(shape=TINY, vocabulary=VocabularyOptions(fim=False)))
    return path


def without_chat_template(folder: Path) -> Path:
    """A good model without a chat template."""
    path = folder / "without-chat-template.gguf"
    write(path, Recipe(shape=TINY, vocabulary=VocabularyOptions(chat_template=False)))
    return path


def dense(folder: Path) -> Path:
    """A good model without experts."""
    path = folder / "dense.gguf"
    write(path, Recipe(shape=TINY_DENSE))
    return path


def _with_number(path: Path, key: str, value: int) -> Path:
    write(path, Recipe(shape=TINY))
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, _after(bytes(data), key) + 4, value)
    path.write_bytes(data)
    return path


def _after(data: bytes, key: str) -> int:
    """Return the offset of the type of a key's value."""
    written = struct.pack("<Q", len(key)) + key.encode()
    return data.index(written) + len(written)


def _cut(path: Path, size: int) -> Path:
    write(path, Recipe(shape=TINY))
    with path.open("r+b") as file:
        file.truncate(size)
    return path
