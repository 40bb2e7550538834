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

from leanwide.models.ggml_types import BLOCKS
from leanwide.models.gguf_header import GgufHeader, Scalar, TensorInfo

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


class ModelFileError(Exception):
    """The file is not a loadable model; the message names the file and the cause."""


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
    alignment = metadata.get("general.alignment", 32)
    if not isinstance(alignment, int) or not 1 <= alignment <= _MAX_ALIGNMENT:
        raise IndexError(alignment)
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
    elements, block = math.prod(lengths), BLOCKS.get(kind)
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
