"""Reads the header of a GGUF file: metadata and tensor sizes, never the weights.

The format is that of ggml's ``docs/gguf.md``, versions 2 and 3. gguf-py's reader takes seconds for
a real model, because it builds a view for every vocabulary entry; this one skips arrays. It runs
before every load, because llama.cpp aborts its process on some broken files.
"""

from __future__ import annotations

import math
import mmap
import re
import struct
from pathlib import Path
from typing import Final

from attrs import frozen

Scalar = int | float | bool | str

_MAGIC: Final = b"GGUF"
_STRING, _ARRAY = 8, 9
_MAX_DIMENSIONS: Final = 4  # GGML_MAX_DIMS
_FIM_PREFIXES: Final = (
    "<|fim_prefix|>",
    "<fim_prefix>",
    "<fim-prefix>",
    "<\uff5cfim\u2581begin\uff5c>",
    "<|code_prefix|>",
    "<PRE>",
    "\u2581<PRE>",
)
"""Tokens that llama.cpp takes as the FIM prefix token where the metadata names none."""
_RECURRENT: Final = (".ssm_conv1d.weight", ".shortconv.conv.weight")
"""Ends of the names of tensors that only a recurrent layer has."""
_STACKED_EXPERTS: Final = "_exps.weight"
"""End of the name of a tensor with all experts of a layer."""
LANGUAGES_KEY: Final = "leanwide.languages"
"""Leanwide's own key: an array of LSP language ids, or of names of leanwide's grammars."""
_MAX_LANGUAGES: Final = 256
_LANGUAGE: Final = re.compile(r"[\w.+#-]{1,40}")
_MAX_ALIGNMENT: Final = 1 << 20
_MAX_KEYS: Final = 4_096
"""Models have fewer than a hundred."""
_MAX_TENSORS: Final = 100_000
"""The largest models have some thousands."""
_MAX_TEXTS: Final = 2_000_000
"""Texts in all arrays: the largest vocabularies have some 300,000, and as many merges."""
_MAX_NAME: Final = 65_535
"""Bytes of a key, as the format limits it, and of a tensor's name."""
_MAX_HEADER: Final = 64_000_000
"""Bytes; the largest headers, mostly vocabulary, have 20 MB."""
_FORMATS: Final = {
    0: "<B",
    1: "<b",
    2: "<H",
    3: "<h",
    4: "<I",
    5: "<i",
    6: "<f",
    7: "<?",
    10: "<Q",
    11: "<q",
    12: "<d",
}
_BLOCKS: Final = {
    0: (1, 4),  # F32
    1: (1, 2),  # F16
    2: (32, 18),  # Q4_0
    3: (32, 20),  # Q4_1
    6: (32, 22),  # Q5_0
    7: (32, 24),  # Q5_1
    8: (32, 34),  # Q8_0
    10: (256, 84),  # Q2_K
    11: (256, 110),  # Q3_K
    12: (256, 144),  # Q4_K
    13: (256, 176),  # Q5_K
    14: (256, 210),  # Q6_K
    16: (256, 66),  # IQ2_XXS
    17: (256, 74),  # IQ2_XS
    18: (256, 98),  # IQ3_XXS
    20: (32, 18),  # IQ4_NL
    21: (256, 110),  # IQ3_S
    22: (256, 82),  # IQ2_S
    23: (256, 136),  # IQ4_XS
    24: (1, 1),  # I8
    26: (1, 4),  # I32
    30: (1, 2),  # BF16
    39: (32, 17),  # MXFP4
}
"""ggml type → (elements in a block, bytes of a block), from ggml's ``ggml-common.h``."""

MATRIX_BLOCKS: Final = {kind: size for kind, (size, _) in _BLOCKS.items() if kind not in (24, 26)}
"""ggml type of a matrix → elements in a block; without the integer types."""


class ModelFileError(Exception):
    """The file is not a loadable model; the message names the file and the cause."""


@frozen
class TensorInfo:
    """One tensor, as the header describes it."""

    name: str
    elements: int
    size_bytes: int | None
    """None for an unknown ggml type."""
    offset: int
    """From the start of the data section, in bytes."""
    kind: int
    """The number of the ggml type."""
    width: int
    """Weights in a row."""


@frozen(kw_only=True)
class GgufHeader:
    """The header of a GGUF file."""

    path: Path
    file_bytes: int
    metadata: dict[str, Scalar]
    """Scalar values; of an array only the length, under ``<key>.length``."""
    tensors: tuple[TensorInfo, ...]
    data_start: int
    """Offset of the weights in the file, in bytes."""
    fim: bool = False
    """Whether the vocabulary has a FIM prefix token."""
    languages: tuple[str, ...] = ()
    """Languages that the model was trained for, from :data:`LANGUAGES_KEY`."""

    @property
    def architecture(self) -> str:
        """llama.cpp's name of the architecture, such as ``qwen3moe``; "" if missing."""
        return str(self.metadata.get("general.architecture", ""))

    @property
    def name(self) -> str:
        """The model's own name, or else the file's."""
        return str(self.metadata.get("general.name") or self.path.stem)

    @property
    def chat_template(self) -> str | None:
        """The model's own Jinja template, untrusted text; None if the file has none."""
        template = self.metadata.get("tokenizer.chat_template")
        return template if isinstance(template, str) else None

    def number(self, key: str) -> int:
        """Return the architecture's number ``key``, such as ``expert_count``; 0 if absent."""
        value = self.metadata.get(f"{self.architecture}.{key}", 0)
        return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0

    @property
    def kv_bytes_per_token(self) -> int:
        """Bytes of one token in an f16 KV cache, over all layers with attention."""
        if self.recurrent_layers:
            rows = (".attn_k.weight", ".attn_v.weight")
            found = (tensor for tensor in self.tensors if tensor.name.endswith(rows))
            return sum(2 * tensor.elements // max(1, tensor.width) for tensor in found)
        kv_heads = self.number("attention.head_count_kv") or self.number("attention.head_count")
        return 2 * kv_heads * sum(self.head_widths) * self.number("block_count")

    @property
    def head_widths(self) -> tuple[int, int]:
        """Numbers of a key and of a value, for one head and one token."""
        heads = self.number("attention.head_count")
        width = self.number("embedding_length") // heads if heads else 0
        keys = self.number("attention.key_length") or width
        return keys, self.number("attention.value_length") or width

    @property
    def attention_layers(self) -> int:
        """Layers with attention: all of them, but for models that have recurrent ones as well."""
        if not self.recurrent_layers:
            return self.number("block_count")
        return sum(tensor.name.endswith(".attn_k.weight") for tensor in self.tensors)

    @property
    def recurrent_layers(self) -> int:
        """Layers that keep one state for all tokens of a sequence."""
        return sum(tensor.name.endswith(_RECURRENT) for tensor in self.tensors)

    @property
    def state_bytes(self) -> int:
        """Bytes of the recurrent state of one sequence, in f32."""
        state, inner = self.number("ssm.state_size"), self.number("ssm.inner_size")
        if kernel := self.number("shortconv.l_cache"):
            values = (kernel - 1) * self.number("embedding_length")
        else:
            mixed = inner + 2 * self.number("ssm.group_count") * state
            values = max(0, self.number("ssm.conv_kernel") - 1) * mixed + state * inner
        return 4 * self.recurrent_layers * values


def read_header(path: Path) -> GgufHeader:
    """Return the header of the GGUF file at ``path``.

    Raises:
        ModelFileError: The file is missing, unreadable, empty, truncated or not GGUF.
    """
    try:
        size = path.stat().st_size
        if size == 0:
            raise ModelFileError(f"{path} is empty: download the model again")
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            header = _parse(_Cursor(data), path, size)
    except FileNotFoundError:
        raise ModelFileError(f"{path} does not exist: check the model path") from None
    except OSError as error:
        reason = error.strerror or str(error)
        raise ModelFileError(f"{path} cannot be read: {reason}") from error
    except _TooMuchError as error:
        raise ModelFileError(f"{path} is not a model: its header has {error}") from None
    except (struct.error, IndexError, UnicodeDecodeError):
        raise _truncated(path) from None
    except ValueError as error:  # the path is not a valid path
        raise ModelFileError(f"{path} cannot be read: {error}") from None
    _check_complete(header)
    _check_counts(header)
    return header


def _truncated(path: Path) -> ModelFileError:
    return ModelFileError(f"{path} is truncated or damaged: download the model again")


class _Cursor:
    """Reads values one after the other from a mapped file, up to the size limit of a header."""

    def __init__(self, data: mmap.mmap) -> None:
        self.data = data
        self.at = 0

    def take(self, count: int) -> bytes:
        start = self.at
        self.skip(count)
        return self.data[start : self.at]

    def number(self, layout: str) -> int:
        (value,) = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return value  # type: ignore[no-any-return]  # the layout decides int, float or bool

    def string(self) -> str:
        return self.take(self.number("<Q")).decode("utf-8")

    def name(self, what: str) -> str:
        return self.take(_limited(self.number("<Q"), _MAX_NAME, what)).decode("utf-8")

    def skip(self, count: int) -> None:
        if self.at + count > len(self.data):
            raise IndexError(count)
        self.at = _limited(self.at + count, _MAX_HEADER, "bytes of header")

    def skip_strings(self, count: int) -> None:
        size_at, at = struct.Struct("<Q").unpack_from, self.at
        end = min(_MAX_HEADER, len(self.data))
        for _ in range(count):
            at += 8 + size_at(self.data, at)[0]
            if at > end:
                break
        self.skip(at - self.at)


class _TooMuchError(Exception):
    """The header announces more than any model has; the message says of what."""


def _limited(count: int, limit: int, what: str) -> int:
    """Return ``count``.

    Raises:
        _TooMuchError: It is above the limit.
    """
    if count > limit:
        raise _TooMuchError(f"{count:,} {what}, where {limit:,} is the limit")
    return count


def _parse(cursor: _Cursor, path: Path, size: int) -> GgufHeader:
    if cursor.data[:4] != _MAGIC:
        raise ModelFileError(f"{path} is not a GGUF file: give the path of a .gguf model")
    cursor.skip(4)
    version = cursor.number("<I")
    if version not in (2, 3):
        raise ModelFileError(f"{path} has GGUF version {version}, which is not supported")
    tensor_count = _limited(cursor.number("<Q"), _MAX_TENSORS, "tensors")
    key_count = _limited(cursor.number("<Q"), _MAX_KEYS, "keys")
    metadata, languages = _metadata(cursor, key_count)
    tensors = tuple(_tensor(cursor) for _ in range(tensor_count))
    alignment = _alignment(metadata.get("general.alignment", 32))
    data_start = -(-cursor.at // alignment) * alignment
    return GgufHeader(
        path=path,
        file_bytes=size,
        metadata=metadata,
        data_start=data_start,
        tensors=tensors,
        fim="tokenizer.ggml.fim_pre_token_id" in metadata or _names_fim(cursor),
        languages=languages,
    )


def _metadata(cursor: _Cursor, count: int) -> tuple[dict[str, Scalar], tuple[str, ...]]:
    """Read ``count`` keys: scalar values, lengths of arrays, and the languages."""
    metadata: dict[str, Scalar] = {}
    languages: tuple[str, ...] = ()
    seen: set[str] = set()
    texts = 0
    for _ in range(count):
        key, kind = cursor.name("bytes in a key"), cursor.number("<I")
        if key in seen:
            raise IndexError(key)  # llama.cpp refuses the file too
        seen.add(key)
        if kind != _ARRAY:
            metadata[key] = cursor.string() if kind == _STRING else cursor.number(_layout(kind))
            continue
        kind, length = cursor.number("<I"), cursor.number("<Q")
        metadata[f"{key}.length"] = length
        if key == LANGUAGES_KEY:
            languages = _languages(cursor, kind, length)
        if kind == _STRING:
            texts = _limited(texts + length, _MAX_TEXTS, "texts in arrays")
            cursor.skip_strings(length)
        else:
            cursor.skip(length * struct.calcsize(_layout(kind)))
    return metadata, languages


def _names_fim(cursor: _Cursor) -> bool:
    """Whether the header, read up to the cursor, contains the text of a FIM prefix token."""
    texts = (text.encode() for text in _FIM_PREFIXES)
    strings = (struct.pack("<Q", len(text)) + text for text in texts)
    return any(cursor.data.find(string, 0, cursor.at) >= 0 for string in strings)


def _alignment(value: Scalar) -> int:
    if not isinstance(value, int) or not 1 <= value <= _MAX_ALIGNMENT:
        raise IndexError(value)
    return value


def _layout(kind: int) -> str:
    if kind not in _FORMATS:
        raise IndexError(kind)
    return _FORMATS[kind]


def _languages(cursor: _Cursor, kind: int, length: int) -> tuple[str, ...]:
    """Return the language names in an array, and leave the cursor in front of it."""
    start = cursor.at
    plausible = kind == _STRING and length <= _MAX_LANGUAGES
    texts = [cursor.string() for _ in range(length)] if plausible else []
    cursor.at = start
    return tuple(filter(_LANGUAGE.fullmatch, texts))


def _tensor(cursor: _Cursor) -> TensorInfo:
    name = cursor.name("bytes in the name of a tensor")
    dimensions = cursor.number("<I")
    if dimensions > _MAX_DIMENSIONS:
        raise IndexError(dimensions)
    lengths = [cursor.number("<Q") for _ in range(dimensions)]
    kind, offset = cursor.number("<I"), cursor.number("<Q")
    elements, block = math.prod(lengths), _BLOCKS.get(kind)
    width = lengths[0] if lengths else 1
    size = elements // block[0] * block[1] if block else None
    return TensorInfo(name, elements, size, offset, kind, width)


def _check_complete(header: GgufHeader) -> None:
    """Reject a file that ends before its last tensor: llama.cpp would map it and crash."""
    if not header.architecture or not header.tensors:
        raise _truncated(header.path)
    start = header.data_start
    end = max(start + tensor.offset + (tensor.size_bytes or 0) for tensor in header.tensors)
    if end > header.file_bytes:
        missing = (end - header.file_bytes) / 1e6
        raise ModelFileError(
            f"{header.path} is truncated, {missing:.1f} MB are missing: download the model again"
        )


def _check_counts(header: GgufHeader) -> None:
    """Reject more layers or experts than the file has weights for: llama.cpp would abort."""
    layers, experts = header.number("block_count"), header.number("expert_count")
    has_count = f"{header.architecture}.block_count" in header.metadata
    if has_count and not 1 <= layers <= len(header.tensors):
        raise _impossible(header, f"{layers} layers")
    stacked = [
        tensor.elements // max(tensor.width, 1)
        for tensor in header.tensors
        if tensor.name.endswith(_STACKED_EXPERTS)
    ]
    if not 0 <= experts <= min(stacked, default=len(header.tensors)):
        raise _impossible(header, f"{experts} experts")
    if not 0 <= header.number("expert_used_count") <= experts:
        raise _impossible(header, f"{header.number('expert_used_count')} of {experts} experts")


def _impossible(header: GgufHeader, what: str) -> ModelFileError:
    return ModelFileError(
        f"{header.path} is damaged, it claims {what} and has no weights for them: "
        "download the model again"
    )
