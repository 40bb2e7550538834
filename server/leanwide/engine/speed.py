"""Measures how fast this machine multiplies the matrices of a model, and caches the results.

A few seconds of work for each model and expert count: the matrices of one layer are multiplied
without loading the model. For commands only, never in the server's event loop.
"""

from __future__ import annotations

import contextlib
import hashlib
import platform
import random
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Final, TypeVar

import cattrs
import msgspec
import psutil
from attrs import frozen
from platformdirs import user_cache_path

from leanwide.engine.ggml import FileMatrix, Ggml, Matrix
from leanwide.engine.process.threads import ThreadChoice
from leanwide.engine.specs import ModelSpec
from leanwide.models.ggml_types import MATRIX_BLOCKS
from leanwide.models.gguf_header import GgufHeader, TensorInfo
from leanwide.models.speed import SMALLEST_STEP, Rates, StepRates, best

Name = TypeVar("Name")
"""What the caller names an expert count by."""

_F16: Final = 1
"""The ggml type of the KV cache."""
_CELLS: Final = 2048
"""Tokens of the KV cache whose keys are measured."""
_MAX_STEP: Final = 512
"""Tokens; larger steps gain next to nothing, and measuring them takes long."""
_SMALL: Final = 64
"""Weights in a row of a matrix that takes no time to multiply with."""
_STREAM_BYTES: Final = 192 << 20
"""Weights that are read to measure the memory's speed, more than any cache holds."""
_MAX_PARTS: Final = 1000
"""Matrices of these weights: ggml's graphs hold twice as many, and abort the process beyond."""
_OPERATIONS: Final = 40
"""Operations in a layer of qwen3moe at which the threads wait for each other, about."""


@frozen(kw_only=True)
class LayerSample:
    """What is measured: the matrices of one layer of a model, and how they are used."""

    file: Path
    parts: tuple[FileMatrix, ...]
    """Matrices of all layers, read to measure the memory's speed."""
    dense: Matrix
    experts: Matrix | None
    keys: Matrix
    """The keys of one head in a KV cache of moderate length."""
    queries: int
    """Query heads that share the keys."""
    used: int
    """Active experts; 0 for a dense model."""
    step_tokens: int
    """Most prompt tokens in one step."""
    threads: int


def layer_sample(
    header: GgufHeader, experts: int, step_tokens: int, threads: int
) -> LayerSample | None:
    """Choose the layer that stands for a model: the first one with experts, or the first.

    None if the kernels cannot multiply one of its matrices: they would abort the process.
    """
    inside = next((tensor for tensor in header.tensors if "_exps." in tensor.name), None)
    block = inside.name.split(".ffn_")[0] if inside is not None else "blk.0"
    layer = (tensor for tensor in header.tensors if tensor.name.startswith(f"{block}."))
    outside = [tensor for tensor in layer if "_exps." not in tensor.name]
    if not outside:
        return None
    dense = _matrix(max(outside, key=lambda tensor: tensor.elements), 1)
    routed = _matrix(inside, header.number("expert_count")) if inside is not None else None
    if not _usable(dense) or (routed is not None and not _usable(routed, experts)):
        return None
    heads = max(1, header.number("attention.head_count"))
    default_keys = max(1, header.number("embedding_length") // heads)
    keys = header.number("attention.key_length") or default_keys
    return LayerSample(
        file=header.path,
        parts=_parts(header),
        dense=dense,
        experts=routed,
        keys=Matrix(kind=_F16, width=keys, rows=_CELLS),
        queries=max(1, heads // max(1, header.number("attention.head_count_kv"))),
        used=experts,
        step_tokens=max(SMALLEST_STEP, min(_MAX_STEP, step_tokens)),
        threads=threads,
    )


def layer_samples(
    header: GgufHeader, experts: Mapping[Name, int], spec: ModelSpec
) -> dict[Name, LayerSample]:
    """Return a sample for each expert count that can be measured."""
    return {
        name: sample
        for name, count in experts.items()
        if (sample := layer_sample(header, count, spec.batch_tokens, spec.threads)) is not None
    }


def _matrix(tensor: TensorInfo, experts: int) -> Matrix:
    rows = tensor.elements // max(1, tensor.width * experts)
    return Matrix(kind=tensor.kind, width=tensor.width, rows=rows, experts=experts)


def _parts(header: GgufHeader) -> tuple[FileMatrix, ...]:
    """Draw experts of all layers, or whole matrices of a dense model; always the same ones."""
    routed = [tensor for tensor in header.tensors if "_exps." in tensor.name]
    experts = header.number("expert_count") if routed else 1
    inside = routed or [tensor for tensor in header.tensors if tensor.elements > tensor.width]
    places = []
    for tensor in inside:
        matrix = _matrix(tensor, experts)
        if tensor.size_bytes is not None and _usable(matrix):
            places += [(tensor, matrix, number) for number in range(experts)]
    parts: list[FileMatrix] = []
    size, drawn = 0, random.Random(0).sample(places, len(places))  # noqa: S311  # no secret
    for tensor, matrix, number in drawn[:_MAX_PARTS]:
        each = (tensor.size_bytes or 0) // experts
        if size + each > _STREAM_BYTES and parts:
            break
        offset = header.data_start + tensor.offset + number * each
        parts.append(FileMatrix(matrix=matrix, offset=offset))
        size += each
    return tuple(parts)


def _usable(matrix: Matrix, used: int = 1) -> bool:
    whole = matrix.kind in MATRIX_BLOCKS and matrix.width % MATRIX_BLOCKS[matrix.kind] == 0
    return whole and matrix.width > 0 and matrix.rows > 0 and 1 <= used <= matrix.experts


def rates(sample: LayerSample) -> Rates | None:
    """Return the cached rates of a sample on this machine, or measure them; None if impossible."""
    return _cached(sample) or measure(sample)


def measure(sample: LayerSample) -> Rates | None:
    """Run the kernels and cache the best rates that this machine has ever shown.

    None if this build of llama.cpp does not allow it.
    """
    try:
        ggml = Ggml()
        found = [_measure(ggml, sample, count) for count in ThreadChoice(sample.threads).counts]
    except (OSError, AttributeError):
        return None
    before = _cached(sample)
    fastest = best(found if before is None else [*found, before])
    with contextlib.suppress(OSError):  # the disk may be full
        file = _file(sample)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode(cattrs.unstructure(fastest)))
    return fastest


def _measure(ggml: Ggml, sample: LayerSample, threads: int) -> Rates:
    return Rates(
        stream_bytes_per_s=ggml.stream_bytes_per_s(sample.file, sample.parts, threads),
        attention_flops_per_s=ggml.dense_flops_per_s(sample.keys, sample.queries, threads),
        layer_s=_OPERATIONS * ggml.operation_s(_SMALL, threads),
        step=_step(ggml, sample, threads),
    )


def _step(ggml: Ggml, sample: LayerSample, threads: int) -> StepRates:
    tokens, experts = sample.step_tokens, 0.0
    if sample.experts is not None:
        experts = ggml.expert_flops_per_s(sample.experts, sample.used, tokens, threads)
    return StepRates(
        tokens=tokens,
        dense_flops_per_s=ggml.dense_flops_per_s(sample.dense, tokens, threads),
        expert_flops_per_s=experts,
        attention_flops_per_s=ggml.dense_flops_per_s(sample.keys, tokens * sample.queries, threads),
    )


def _cached(sample: LayerSample) -> Rates | None:
    with contextlib.suppress(OSError, msgspec.MsgspecError, cattrs.BaseValidationError):
        return cattrs.structure(msgspec.json.decode(_file(sample).read_bytes()), Rates)
    return None


def _file(sample: LayerSample) -> Path:
    """Return the cache file for this machine, this build of llama.cpp and the sample."""
    machine = (
        platform.machine(),
        platform.processor(),
        psutil.cpu_count(),
        psutil.virtual_memory().total,
        version("llama-cpp-python"),
    )
    name = hashlib.sha256(repr((machine, sample)).encode()).hexdigest()[:24]
    return user_cache_path("leanwide") / "speed" / f"{name}.json"
