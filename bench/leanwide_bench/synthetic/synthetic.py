"""Writes random-weight GGUF files of a given shape.

Such a model generates nonsense, but it loads, routes, decodes and takes time and memory like a real
one of its shape: enough for tests and measurements. The same recipe gives the same bytes.
"""

from __future__ import annotations

import contextlib
import math
import os
import shutil
import time
import zlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

import gguf
import numpy as np
from attrs import field, frozen

from leanwide_bench.synthetic.blocks import random_blocks, same
from leanwide_bench.synthetic.shapes import (
    ModelShape,
    SyntheticError,
    tensors,
)
from leanwide_bench.synthetic.tensors import Quant, Tensor, padded
from leanwide_bench.synthetic.vocabulary import (
    CHAT_END,
    CHAT_TEMPLATE,
    END_OF_TEXT,
    FIM_MARKERS,
    Vocabulary,
    VocabularyOptions,
    vocabulary,
)

if TYPE_CHECKING:
    from pathlib import Path

Progress: TypeAlias = Callable[[int, int], None]
"""Called with the bytes written so far and the bytes of the whole file."""

CHUNK_BYTES = 8_000_000
"""Bytes of weights that are in memory at a time."""

_FILE_TYPES = {
    Quant.Q4_K: gguf.LlamaFileType.MOSTLY_Q4_K_M,
    Quant.Q6_K: gguf.LlamaFileType.MOSTLY_Q6_K,
    Quant.Q8_0: gguf.LlamaFileType.MOSTLY_Q8_0,
    Quant.F16: gguf.LlamaFileType.MOSTLY_F16,
    Quant.F32: gguf.LlamaFileType.ALL_F32,
}


@frozen(kw_only=True)
class Recipe:
    """Everything that decides the bytes of a synthetic model."""

    shape: ModelShape
    seed: int = 0
    """From 0; each seed gives different weights."""
    vocabulary: VocabularyOptions = field(factory=VocabularyOptions)


@frozen(kw_only=True)
class WrittenFile:
    """A finished file."""

    bytes: int
    seconds: float
    """Time until the bytes were on the disk."""


def write(
    path: Path, recipe: Recipe, progress: Progress = lambda _done, _total: None
) -> WrittenFile:
    """Write the model to ``path``, whole or not at all; an existing file is replaced at the end.

    Raises:
        SyntheticError: The file cannot be written, or the disk has too little space.
    """
    started = time.monotonic()
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _check_space(path.parent, recipe.shape.file_bytes)
        _write_header(part, recipe)
        _append_weights(part, recipe, progress)
        size = part.stat().st_size
        part.replace(path)
    except OSError as error:
        raise SyntheticError(f"cannot write {path}: {error.strerror or error}") from error
    finally:
        with contextlib.suppress(OSError):
            part.unlink()
    return WrittenFile(bytes=size, seconds=time.monotonic() - started)


def _check_space(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise SyntheticError(
            f"the model needs {_readable(needed)} in {folder}, where {_readable(free)} are free:"
            " make room or choose another folder"
        )


def _readable(size: int) -> str:
    return f"{size / 1e9:.1f} GB" if size >= 1e8 else f"{size / 1e6:.1f} MB"


def _write_header(part: Path, recipe: Recipe) -> None:
    """Write what precedes the weights: metadata, vocabulary, and the offset of each tensor."""
    writer = gguf.GGUFWriter(part, recipe.shape.architecture)
    _add_shape(writer, recipe.shape)
    _add_vocabulary(writer, vocabulary(recipe.shape.vocabulary, recipe.vocabulary))
    if recipe.vocabulary.chat_template:
        writer.add_chat_template(CHAT_TEMPLATE)
    for tensor in tensors(recipe.shape):
        dtype = gguf.GGMLQuantizationType[tensor.quant.name]
        writer.add_tensor_info(
            tensor.name, tensor.dims, np.dtype(np.float32), tensor.bytes, raw_dtype=dtype
        )
    try:
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_ti_data_to_file()
    finally:
        writer.close()


def _add_shape(writer: gguf.GGUFWriter, shape: ModelShape) -> None:
    writer.add_name("leanwide synthetic")
    writer.add_file_type(_FILE_TYPES[shape.matrices])
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_block_count(shape.layers)
    writer.add_context_length(shape.context)
    writer.add_embedding_length(shape.hidden)
    writer.add_feed_forward_length(shape.feed_forward)
    writer.add_head_count(shape.heads)
    writer.add_head_count_kv(_kv_heads(shape))
    writer.add_key_length(shape.head_dim)
    writer.add_value_length(shape.head_dim)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_rope_freq_base(shape.rope_base)
    if shape.experts:
        writer.add_expert_count(shape.experts)
        writer.add_expert_used_count(shape.experts_used)
        writer.add_expert_feed_forward_length(shape.feed_forward)
    if shape.shared_feed_forward:
        writer.add_expert_shared_feed_forward_length(shape.shared_feed_forward)
    if shape.window:
        writer.add_sliding_window(shape.window)
    if shape.architecture == "granitehybrid":
        writer.add_attention_scale(shape.focus / math.sqrt(shape.head_dim))
    if shape.architecture == "qwen3next":
        writer.add_full_attention_interval(shape.attention_every)
    if shape.mixer is not None:
        for key, number in shape.mixer.metadata(shape.hidden).items():
            writer.add_uint32(f"{shape.architecture}.{key}", number)


def _kv_heads(shape: ModelShape) -> int | list[int]:
    """Return the key and value heads, layer by layer where none means a recurrent layer."""
    if shape.mixer is None or shape.architecture == "qwen3next":
        return shape.kv_heads
    return [shape.kv_heads if shape.attends(layer) else 0 for layer in range(shape.layers)]


def _add_vocabulary(writer: gguf.GGUFWriter, words: Vocabulary) -> None:
    kinds = dict.fromkeys(words.markers.values(), int(gguf.TokenType.CONTROL))
    kinds |= dict.fromkeys(words.own.values(), int(gguf.TokenType.USER_DEFINED))
    ordinary = int(gguf.TokenType.NORMAL)
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("qwen2")
    writer.add_token_list(words.texts)
    writer.add_token_types([kinds.get(token, ordinary) for token in range(len(words.texts))])
    writer.add_token_merges(words.merges)
    writer.add_bos_token_id(words.markers[END_OF_TEXT])
    writer.add_eos_token_id(words.markers[CHAT_END])
    writer.add_pad_token_id(words.markers[END_OF_TEXT])
    writer.add_add_bos_token(False)
    for name, text in FIM_MARKERS.items():
        if text in words.markers:
            key = getattr(gguf.Keys.Tokenizer, f"FIM_{name.upper()}_ID")
            writer.add_uint32(key, words.markers[text])


def _append_weights(part: Path, recipe: Recipe, progress: Progress) -> None:
    with part.open("ab") as file:
        start = padded(file.tell())
        file.write(bytes(start - file.tell()))
        total = start + recipe.shape.weight_bytes
        for tensor in tensors(recipe.shape):
            for chunk in _chunks(tensor, recipe.seed):
                file.write(chunk)
                progress(file.tell(), total)
            file.write(bytes(padded(tensor.bytes) - tensor.bytes))
        file.flush()
        os.fsync(file.fileno())
        progress(total, total)


def _chunks(tensor: Tensor, seed: int) -> Iterator[memoryview]:
    """Yield the tensor's bytes, a few megabytes at a time.

    They depend only on the seed and the tensor's name, so that each layer routes differently.
    """
    name = zlib.crc32(tensor.name.encode())
    rng = np.random.Generator(np.random.SFC64([seed, name]))
    step = CHUNK_BYTES // tensor.quant.block_bytes
    for first in range(0, tensor.blocks, step):
        count = min(step, tensor.blocks - first)
        if tensor.spread == 0:
            blocks = same(count, tensor.level)
        else:
            blocks = random_blocks(tensor.quant, count, tensor.spread, rng)
        yield blocks.reshape(-1).data
