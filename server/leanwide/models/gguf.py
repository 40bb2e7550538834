"""Reads the header of a GGUF file: metadata and tensor sizes, never the weights.

The layout is the one of ggml's ``docs/gguf.md`` (versions 2 and 3). gguf-py's own reader builds a
view for every vocabulary entry, which takes seconds for a real model; this one steps over arrays
and is used before every load, because llama.cpp ends its process on some broken files.
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
_MOST_DIMENSIONS: Final = 4  # GGML_MAX_DIMS
_FIM_PREFIXES: Final = (
    "<|fim_prefix|>",
    "<fim_prefix>",
    "<fim-prefix>",
    "<\uff5cfim\u2581begin\uff5c>",
    "<|code_prefix|>",
    "<PRE>",
    "\u2581<PRE>",
)
"""Tokens that llama.cpp takes for the beginning of a FIM prompt where the metadata names none."""
_STACKED_EXPERTS: Final = "_exps.weight"
"""How the name ends of a tensor that holds the weights of all experts of a layer."""
LANGUAGES_KEY: Final = "leanwide.languages"
"""Our own key: an array of LSP's language ids, or of names of our grammars."""
_MOST_LANGUAGES: Final = 256
_LANGUAGE: Final = re.compile(r"[\w.+#-]{1,40}")
_LARGEST_ALIGNMENT: Final = 1 << 20
_MOST_KEYS: Final = 4_096
"""Models have fewer than a hundred."""
_MOST_TENSORS: Final = 100_000
"""The largest models have some thousands."""
_MOST_TEXTS: Final = 2_000_000
"""Texts in all arrays: the largest vocabularies have some 300,000, and as many merges."""
_LONGEST_NAME: Final = 65_535
"""Bytes of a key, as the format has it, and of a tensor's name."""
_MOST_BYTES: Final = 64_000_000
"""Of a header: the largest ones, mostly vocabulary, have 20 MB."""
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
"""Types that matrices are multiplied in → elements in a block; whole numbers are not among them."""


class ModelFileError(Exception):
    """The file is not a model that can be loaded; the message names the file and the cause."""


@frozen
class TensorInfo:
    """One tensor as the header announces it."""

    name: str
    elements: int
    size_bytes: int | None
    """None for a quantisation type that this table does not know."""
    offset: int
    """From the start of the data section, in bytes."""
    kind: int
    """How the weights are stored: the number of a ggml type."""
    width: int
    """Weights in a row."""


@frozen(kw_only=True)
class GgufHeader:
    """What a GGUF file says of itself before the weights start."""

    path: Path
    file_bytes: int
    metadata: dict[str, Scalar]
    """Scalars only; of an array the length is kept, under ``<key>.length``."""
    tensors: tuple[TensorInfo, ...]
    data_start: int
    """Where the weights begin, in bytes from the start of the file."""
    fim: bool = False
    """Whether there is a token that begins a FIM prompt."""
    languages: tuple[str, ...] = ()
    """Languages that the model was trained for, as the file says under :data:`LANGUAGES_KEY`."""

    @property
    def architecture(self) -> str:
        """llama.cpp's name of the architecture, such as ``qwen3moe``; "" where it is missing."""
        return str(self.metadata.get("general.architecture", ""))

    @property
    def name(self) -> str:
        """The model's own name, or the file's where it has none."""
        return str(self.metadata.get("general.name") or self.path.stem)

    def number(self, key: str) -> int:
        """Give the architecture's number under ``key``, such as ``expert_count``; 0 if absent."""
        value = self.metadata.get(f"{self.architecture}.{key}", 0)
        return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0

    @property
    def kv_bytes_per_token(self) -> int:
        """Bytes that one token takes in an f16 KV cache over all layers."""
        heads = self.number("attention.head_count")
        width = self.number("embedding_length") // heads if heads else 0
        keys = self.number("attention.key_length") or width
        values = self.number("attention.value_length") or width
        kv_heads = self.number("attention.head_count_kv") or heads
        return 2 * kv_heads * (keys + values) * self.number("block_count")


def read_header(path: Path) -> GgufHeader:
    """Read the header of the GGUF file at ``path``.

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
        raise ModelFileError(f"{path} is no model: its header has {error}") from None
    except (struct.error, IndexError, UnicodeDecodeError):
        raise _truncated(path) from None
    except ValueError as error:  # the path itself is no path
        raise ModelFileError(f"{path} cannot be read: {error}") from None
    _check_complete(header)
    _check_counts(header)
    return header


def _truncated(path: Path) -> ModelFileError:
    return ModelFileError(f"{path} is truncated or damaged: download the model again")


class _Cursor:
    """Reads values one after the other from a mapped file, as far as a header may reach."""

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
        return self.take(_within(_LONGEST_NAME, what, self.number("<Q"))).decode("utf-8")

    def skip(self, count: int) -> None:
        if self.at + count > len(self.data):
            raise IndexError(count)
        self.at = _within(_MOST_BYTES, "bytes of header", self.at + count)

    def skip_strings(self, count: int) -> None:
        size_at, at = struct.Struct("<Q").unpack_from, self.at
        most = min(_MOST_BYTES, len(self.data))
        for _ in range(count):
            at += 8 + size_at(self.data, at)[0]
            if at > most:
                break
        self.skip(at - self.at)


class _TooMuchError(Exception):
    """The header announces more than any model has; the message says what."""


def _within(most: int, what: str, count: int) -> int:
    if count > most:
        raise _TooMuchError(f"{count:,} {what}, where {most:,} is the limit")
    return count


def _parse(cursor: _Cursor, path: Path, size: int) -> GgufHeader:
    if cursor.data[:4] != _MAGIC:
        raise ModelFileError(f"{path} is not a GGUF file: give the path of a .gguf model")
    cursor.skip(4)
    version = cursor.number("<I")
    if version not in (2, 3):
        raise ModelFileError(f"{path} has GGUF version {version}, which is not supported")
    tensor_count = _within(_MOST_TENSORS, "tensors", cursor.number("<Q"))
    key_count = _within(_MOST_KEYS, "keys", cursor.number("<Q"))
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
    """Read the keys that come next: single values, lengths of arrays, and the languages."""
    metadata: dict[str, Scalar] = {}
    languages: tuple[str, ...] = ()
    known: set[str] = set()
    texts = 0
    for _ in range(count):
        key, kind = cursor.name("bytes in a key"), cursor.number("<I")
        if key in known:
            raise IndexError(key)  # llama.cpp refuses the file too
        known.add(key)
        if kind != _ARRAY:
            metadata[key] = cursor.string() if kind == _STRING else cursor.number(_layout(kind))
            continue
        kind, length = cursor.number("<I"), cursor.number("<Q")
        metadata[f"{key}.length"] = length
        if key == LANGUAGES_KEY:
            languages = _texts(cursor, kind, length)
        if kind == _STRING:
            texts = _within(_MOST_TEXTS, "texts in arrays", texts + length)
            cursor.skip_strings(length)
        else:
            cursor.skip(length * struct.calcsize(_layout(kind)))
    return metadata, languages


def _names_fim(cursor: _Cursor) -> bool:
    """Whether the header that was just read holds a text that is a FIM token's."""
    texts = (text.encode() for text in _FIM_PREFIXES)
    written = (struct.pack("<Q", len(text)) + text for text in texts)
    return any(cursor.data.find(text, 0, cursor.at) >= 0 for text in written)


def _alignment(value: Scalar) -> int:
    if not isinstance(value, int) or not 1 <= value <= _LARGEST_ALIGNMENT:
        raise IndexError(value)
    return value


def _layout(kind: int) -> str:
    if kind not in _FORMATS:
        raise IndexError(kind)
    return _FORMATS[kind]


def _texts(cursor: _Cursor, kind: int, length: int) -> tuple[str, ...]:
    """Read the texts of an array, and stay in front of them; what is no language is left out."""
    start = cursor.at
    wanted = kind == _STRING and length <= _MOST_LANGUAGES
    texts = [cursor.string() for _ in range(length)] if wanted else []
    cursor.at = start
    return tuple(filter(_LANGUAGE.fullmatch, texts))


def _tensor(cursor: _Cursor) -> TensorInfo:
    name = cursor.name("bytes in the name of a tensor")
    dimensions = cursor.number("<I")
    if dimensions > _MOST_DIMENSIONS:
        raise IndexError(dimensions)
    lengths = [cursor.number("<Q") for _ in range(dimensions)]
    kind, offset = cursor.number("<I"), cursor.number("<Q")
    elements, block = math.prod(lengths), _BLOCKS.get(kind)
    width = lengths[0] if lengths else 1
    size = elements // block[0] * block[1] if block else None
    return TensorInfo(name, elements, size, offset, kind, width)


def _check_complete(header: GgufHeader) -> None:
    """Refuse a file that ends before its last tensor does: llama.cpp would map it and crash."""
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
    """Refuse numbers of layers and experts that the file has no weights for: llama.cpp aborts."""
    layers, experts = header.number("block_count"), header.number("expert_count")
    said = f"{header.architecture}.block_count" in header.metadata
    if said and not 1 <= layers <= len(header.tensors):
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
