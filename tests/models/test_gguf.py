"""GGUF headers: files of gguf-py are read; broken files are refused."""

from __future__ import annotations

import contextlib
import shutil
import struct
import time
import tracemalloc
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from leanwide.models.embedded import embedded_model, trained_languages
from leanwide.models.gguf import ModelFileError, read_header
from leanwide.models.gguf_header import GgufHeader
from leanwide_bench.synthetic.shapes import TINY, tensors

ON_DISK = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

KEYS = st.text(st.characters(categories=["Ll", "Nd"], include_characters="._"), min_size=1).filter(
    lambda key: not key.startswith(("general.", "GGUF.")) and not key.endswith(".length")
)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)  # gguf-py drops empty ones
SCALARS = st.one_of(
    st.tuples(st.just("add_uint8"), st.integers(0, 2**8 - 1)),
    st.tuples(st.just("add_int8"), st.integers(-(2**7), 2**7 - 1)),
    st.tuples(st.just("add_uint16"), st.integers(0, 2**16 - 1)),
    st.tuples(st.just("add_int16"), st.integers(-(2**15), 2**15 - 1)),
    st.tuples(st.just("add_uint32"), st.integers(0, 2**32 - 1)),
    st.tuples(st.just("add_int32"), st.integers(-(2**31), 2**31 - 1)),
    st.tuples(st.just("add_uint64"), st.integers(0, 2**64 - 1)),
    st.tuples(st.just("add_int64"), st.integers(-(2**63), 2**63 - 1)),
    st.tuples(st.just("add_float32"), st.floats(width=32, allow_nan=False)),
    st.tuples(st.just("add_float64"), st.floats(allow_nan=False)),
    st.tuples(st.just("add_bool"), st.booleans()),
    st.tuples(st.just("add_string"), TEXTS),
)
ARRAYS = st.one_of(
    st.lists(st.integers(-(2**31), 2**31 - 1), min_size=1),
    st.lists(st.floats(width=32, allow_nan=False), min_size=1),
    st.lists(st.booleans(), min_size=1),
    st.lists(TEXTS, min_size=1),
)


def written(path: Path, write=lambda writer: None, architecture: str = "qwen3moe") -> Path:
    """Write a file with gguf-py, with one tensor of four numbers."""
    writer = gguf.GGUFWriter(path, architecture)
    write(writer)
    writer.add_tensor("output.weight", np.zeros(4, np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def text(value: str) -> bytes:
    return struct.pack("<Q", len(value.encode())) + value.encode()


def number(key: str, kind: int, layout: str, value: float) -> bytes:
    return text(key) + struct.pack("<I" + layout, kind, value)


ARCHITECTURE = text("general.architecture") + struct.pack("<I", 8) + text("qwen3moe")
TENSOR = text("t") + struct.pack("<IQIQ", 1, 4, 0, 0)


def raw(keys: list[bytes], tensors: tuple[bytes, ...] = (TENSOR,), /, **counts: int) -> bytes:
    """Return the bytes of a file; ``counts`` may differ from what it has."""
    announced = (counts.get("tensors", len(tensors)), counts.get("keys", len(keys) + 1))
    head = b"GGUF" + struct.pack("<IQQ", counts.get("version", 3), *announced)
    return head + b"".join([ARCHITECTURE, *keys, *tensors]) + bytes(4096)


def read(folder: Path, data: bytes) -> GgufHeader:
    path = folder / "model.gguf"
    path.write_bytes(data)
    return read_header(path)


# Valid files


def test_a_header_describes_the_model(tiny):
    header = read_header(tiny)
    assert (header.name, header.architecture) == ("leanwide synthetic", "qwen3moe")
    assert header.file_bytes == tiny.stat().st_size
    assert [(found.name, found.size_bytes) for found in header.tensors] == [
        (tensor.name, tensor.bytes) for tensor in tensors(TINY)
    ]
    assert [found.elements for found in header.tensors] == [
        tensor.weights for tensor in tensors(TINY)
    ]
    numbers = ["expert_count", "expert_used_count", "context_length", "block_count", "no_such_key"]
    assert [header.number(key) for key in numbers] == [8, 4, 4096, 3, 0]
    assert header.kv_bytes_per_token == TINY.kv_bytes_per_token
    assert header.metadata["tokenizer.ggml.tokens.length"] == TINY.vocabulary


def test_the_weights_start_where_gguf_py_finds_them(tiny):
    header, reader = read_header(tiny), gguf.GGUFReader(tiny)
    ours = [header.data_start + tensor.offset for tensor in header.tensors]
    assert ours == [tensor.data_offset for tensor in reader.tensors]


@given(st.dictionaries(KEYS, SCALARS), st.dictionaries(KEYS, ARRAYS, max_size=3))
@settings(ON_DISK, max_examples=60)
def test_any_metadata_of_gguf_py_is_read_back(tmp_path, scalars, arrays):
    def write(writer: gguf.GGUFWriter) -> None:
        for key, (method, value) in scalars.items():
            getattr(writer, method)(f"s.{key}", value)
        for key, values in arrays.items():
            writer.add_array(f"a.{key}", values)

    metadata = read_header(written(tmp_path / "model.gguf", write)).metadata
    for key, (_, value) in scalars.items():
        assert metadata[f"s.{key}"] == value
        assert type(metadata[f"s.{key}"]) is type(value)
    for key, values in arrays.items():
        assert metadata[f"a.{key}.length"] == len(values)


@pytest.mark.parametrize(
    ("values", "read"),
    [
        (["python", "go"], ("python", "go")),
        ([1, 2], ()),
        (["x"] * 257, ()),
        (["a\x1b[2J", "y" * 41], ()),
    ],
)
def test_a_model_names_the_languages_that_it_was_trained_for(tmp_path, values, read):
    path = written(
        tmp_path / "model.gguf", lambda writer: writer.add_array("leanwide.languages", values)
    )
    assert read_header(path).languages == read
    assert read_header(path).metadata["leanwide.languages.length"] == len(values)


def test_a_model_without_languages_knows_all_and_the_embedded_one_python(tmp_path, tiny):
    assert trained_languages(read_header(tiny)) == ()
    copy = tmp_path / "copied.bin"
    shutil.copyfile(embedded_model(), copy)
    assert trained_languages(read_header(copy)) == ("python",)


@pytest.mark.parametrize("alignment", [8, 32, 4096])
def test_the_alignment_of_the_file_is_used(tmp_path, alignment):
    path = written(tmp_path / "model.gguf", lambda writer: writer.add_custom_alignment(alignment))
    header = read_header(path)
    assert header.data_start == gguf.GGUFReader(path).tensors[0].data_offset
    assert header.data_start % alignment == 0


@pytest.mark.parametrize("kind", gguf.GGMLQuantizationType)
def test_block_sizes_are_those_of_ggml_or_unknown(tmp_path, kind):
    weights, size = gguf.GGML_QUANT_SIZES[kind]
    tensor = text("t") + struct.pack("<IQIQ", 1, 2 * weights, kind, 0)
    assert read(tmp_path, raw([], (tensor,))).tensors[0].size_bytes in (2 * size, None)


# Broken files


def refused(folder: Path, data: bytes) -> str:
    with pytest.raises(ModelFileError) as caught:
        read(folder, data)
    message = str(caught.value)
    assert message.startswith(f"{folder / 'model.gguf'} ")
    assert "\n" not in message
    return message


@given(cut=st.floats(0, 1, exclude_max=True))
@settings(ON_DISK, max_examples=150)
def test_a_file_cut_anywhere_is_refused(tmp_path, tiny, cut):
    whole = tiny.read_bytes()
    header_only = whole[: read_header(tiny).data_start]
    for data in (header_only, whole[:-1]):
        message = refused(tmp_path, data[: int(cut * len(data))])
        assert "download the model again" in message or "not a GGUF file" in message


@given(st.binary(max_size=400))
@settings(ON_DISK, max_examples=300)
def test_noise_after_the_magic_is_refused(tmp_path, noise):
    refused(tmp_path, b"GGUF" + noise)
    refused(tmp_path, b"GGUF" + struct.pack("<I", 3) + noise)


@given(st.data())
@settings(ON_DISK, max_examples=120)
def test_a_damaged_header_is_read_or_refused_but_never_worse(tmp_path, tiny, data):
    """A few bytes of a good file are wrong; lengths and types are the dangerous ones."""
    damaged = bytearray(tiny.read_bytes())
    places = st.integers(4, 1500) | st.integers(4, read_header(tiny).data_start)
    for at in data.draw(st.lists(places, min_size=1, max_size=4)):
        damaged[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(ModelFileError):
        header = read(tmp_path, bytes(damaged))
        for key in ("expert_count", "context_length", "block_count"):
            assert header.number(key) >= 0
        assert header.kv_bytes_per_token >= 0


HUGE = 2**60
ENDLESS = {
    "keys": raw([], keys=HUGE),
    "tensors": raw([], tensors=HUGE),
    "text": raw([text("k") + struct.pack("<IQ", 8, HUGE)]),
    "array of texts": raw([text("k") + struct.pack("<IIQ", 9, 8, HUGE)]) + bytes(4_000_000),
    "array of numbers": raw([text("k") + struct.pack("<IIQ", 9, 12, HUGE)]),
    "array of nothing known": raw([text("k") + struct.pack("<IIQ", 9, 99, 1)]),
    "array of arrays": raw([text("k") + struct.pack("<IIQ", 9, 9, HUGE)]),
    "dimensions": raw([], (text("t") + struct.pack("<I", 2**32 - 1) + b"\xff" * 4_000_000,)),
    "offset": raw([], (text("t") + struct.pack("<IQIQ", 1, 4, 0, 2**64 - 1),)),
    "elements": raw([], (text("t") + struct.pack("<I4QIQ", 4, *[2**64 - 1] * 4, 0, 0),)),
}


@pytest.mark.parametrize("data", ENDLESS.values(), ids=ENDLESS)
def test_a_header_that_announces_more_than_there_is_is_refused_at_once(tmp_path, data):
    refused(tmp_path, data)


EMPTY_KEY = struct.pack("<QIB", 0, 0, 0)
EMPTY_TENSOR = struct.pack("<QIIQ", 0, 0, 0, 0)
FULL = {
    "keys": (lambda: raw([EMPTY_KEY * 4_000_000], keys=4_000_001), "4,000,001 keys"),
    "tensors": (
        lambda: raw([], (EMPTY_TENSOR * 3_000_000,), tensors=3_000_000),
        "3,000,000 tensors",
    ),
    "texts": (
        lambda: raw([text("k") + struct.pack("<IIQ", 9, 8, 7_000_000) + bytes(56_000_000)]),
        "7,000,000 texts in arrays",
    ),
    "bytes": (
        lambda: raw([text("k") + struct.pack("<IIQ", 9, 0, 70_000_000) + bytes(70_000_000)]),
        "bytes of header",
    ),
    "text": (
        lambda: raw([text("k") + struct.pack("<IQ", 8, 70_000_000) + bytes(70_000_000)]),
        "bytes of header",
    ),
    "key": (lambda: raw([text("k" * 70_000) + struct.pack("<IB", 0, 0)]), "70,000 bytes in a key"),
    "name": (lambda: raw([], (text("t" * 70_000),)), "70,000 bytes in the name of a tensor"),
}


@pytest.mark.parametrize(("made", "cause"), FULL.values(), ids=FULL)
def test_a_header_with_more_than_any_model_has_is_refused_with_the_limit(tmp_path, made, cause):
    data = made()
    began = time.thread_time()
    tracemalloc.start()
    message = refused(tmp_path, data)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert cause in message
    assert "is the limit" in message
    assert most < 100_000_000
    assert time.thread_time() - began < 5  # reading all of it takes more than ten seconds


def test_the_largest_vocabularies_are_read(tmp_path):
    words = b"".join(struct.pack("<Q", 3) + b"abc" for _ in range(300_000))
    keys = [text(f"k{at}") + struct.pack("<IIQ", 9, 8, 300_000) + words for at in range(2)]
    header = read(tmp_path, raw(keys))
    assert header.metadata["k1.length"] == 300_000


def test_a_duplicate_key_is_refused(tmp_path):
    key = number("k", 4, "I", 1)
    assert "truncated or damaged" in refused(tmp_path, raw([key, key]))


STRANGE = {
    "alignment of 0": number("general.alignment", 4, "I", 0),
    "negative alignment": number("general.alignment", 5, "i", -32),
    "endless alignment": number("general.alignment", 6, "f", float("inf")),
    "alignment that is no number": number("general.alignment", 6, "f", float("nan")),
    "alignment in words": text("general.alignment") + struct.pack("<I", 8) + text("wide"),
    "type that does not exist": text("k") + struct.pack("<I", 99),
    "key that is no text": struct.pack("<Q", 1) + b"\xff" + struct.pack("<IB", 0, 0),
}


@pytest.mark.parametrize("key", STRANGE.values(), ids=STRANGE)
def test_a_nonsensical_header_is_refused(tmp_path, key):
    assert "truncated or damaged" in refused(tmp_path, raw([key]))


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "is empty: download the model again"),
        (b"GGU", "is not a GGUF file: give the path of a .gguf model"),
        (b"<!doctype html>", "is not a GGUF file: give the path of a .gguf model"),
        (raw([], version=1), "has GGUF version 1, which is not supported"),
        (raw([], version=4), "has GGUF version 4, which is not supported"),
        (raw([], ()), "is truncated or damaged: download the model again"),
    ],
    ids=["empty", "short", "web page", "too old", "too new", "no tensors"],
)
def test_the_error_names_the_cause(tmp_path, data, cause):
    assert refused(tmp_path, data) == f"{tmp_path / 'model.gguf'} {cause}"


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("missing.gguf", "does not exist: check the model path"),
        (".", "cannot be read: Is a directory"),
        ("a\0b", "cannot be read: embedded null byte"),
        ("x" * 300, "cannot be read: File name too long"),
    ],
    ids=["missing", "folder", "null byte", "too long"],
)
def test_the_error_for_a_bad_path_names_path_and_cause(tmp_path, name, cause):
    path = tmp_path / name
    with pytest.raises(ModelFileError) as caught:
        read_header(path)
    assert str(caught.value) == f"{path} {cause}"
