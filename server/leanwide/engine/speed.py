"""Measures how fast this machine runs the matrices of a model, and remembers it.

A few seconds of work for each model and expert count: the matrices of one layer are multiplied
without the model. So it belongs into a command, never into the server's loop.
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

from leanwide.engine.base import EngineSpec
from leanwide.engine.ggml import FileMatrix, Ggml, Matrix
from leanwide.engine.process.threads import ThreadChoice
from leanwide.models.gguf import MATRIX_BLOCKS, GgufHeader, TensorInfo
from leanwide.models.speed import SMALLEST_STEP, Rates, StepRates, best

Name = TypeVar("Name")
"""What an expert count is known by."""

_F16: Final = 1
"""The ggml type of the KV cache."""
_CELLS: Final = 2048
_LARGEST_STEP: Final = 512
"""Tokens; larger steps gain next to nothing, and measuring them takes long."""
_SMALL: Final = 64
"""Weights in a row of a matrix that takes no time to multiply with."""
_STREAM_BYTES: Final = 192 << 20
"""Weights that are read for the memory's speed, more than any cache holds."""
_MOST_PARTS: Final = 1000
"""Matrices that they are made of: ggml's graphs hold twice as many, and end the process beyond."""
_OPERATIONS: Final = 40
"""Operations in a layer of qwen3moe at which the threads wait for each other, about."""


@frozen(kw_only=True)
class LayerSample:
    """What is measured: the matrices of one layer of a model, and how they are used."""

    file: Path
    parts: tuple[FileMatrix, ...]
    """What is read of it for the memory's speed: matrices of all layers."""
    dense: Matrix
    experts: Matrix | None
    keys: Matrix
    """Of a KV cache of moderate length, for one of its heads."""
    queries: int
    """Heads that share them."""
    used: int
    """Active experts; 0 for a dense model."""
    step_tokens: int
    """Most prompt tokens in one step."""
    threads: int


def sample(header: GgufHeader, experts: int, step_tokens: int, threads: int) -> LayerSample | None:
    """Choose what stands for a model: the first layer that has experts, or the first one.

    None where a matrix is none that the kernels take: they would end the process.
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
    narrow = max(1, header.number("embedding_length") // heads)
    keys = header.number("attention.key_length") or narrow
    return LayerSample(
        file=header.path,
        parts=_parts(header),
        dense=dense,
        experts=routed,
        keys=Matrix(kind=_F16, width=keys, rows=_CELLS),
        queries=max(1, heads // max(1, header.number("attention.head_count_kv"))),
        used=experts,
        step_tokens=max(SMALLEST_STEP, min(_LARGEST_STEP, step_tokens)),
        threads=threads,
    )


def samples(
    header: GgufHeader, experts: Mapping[Name, int], spec: EngineSpec
) -> dict[Name, LayerSample]:
    """Choose what stands for a model with each of some expert counts, as far as anything does."""
    found = {
        name: sample(header, count, spec.batch_tokens, spec.threads)
        for name, count in experts.items()
    }
    return {name: one for name, one in found.items() if one is not None}


def _matrix(tensor: TensorInfo, experts: int) -> Matrix:
    rows = tensor.elements // max(1, tensor.width * experts)
    return Matrix(kind=tensor.kind, width=tensor.width, rows=rows, experts=experts)


def _parts(header: GgufHeader) -> tuple[FileMatrix, ...]:
    """Draw experts of all layers, or whole matrices of a dense model, always the same."""
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
    for tensor, matrix, number in drawn[:_MOST_PARTS]:
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


def rates(wanted: LayerSample) -> Rates | None:
    """Give what was measured before on this machine, or measure now; None where neither works."""
    return _remembered(wanted) or measure(wanted)


def measure(wanted: LayerSample) -> Rates | None:
    """Run the kernels, and remember the best that this machine has shown.

    None where this build of llama.cpp does not let us.
    """
    try:
        ggml = Ggml()
        found = [_measured(ggml, wanted, count) for count in ThreadChoice(wanted.threads).counts]
    except (OSError, AttributeError):
        return None
    before = _remembered(wanted)
    fastest = best(found if before is None else [*found, before])
    _remember(wanted, fastest)
    return fastest


def _measured(ggml: Ggml, wanted: LayerSample, threads: int) -> Rates:
    return Rates(
        stream_bytes_per_s=ggml.stream_bytes_per_s(wanted.file, wanted.parts, threads),
        attention_flops_per_s=ggml.dense_flops_per_s(wanted.keys, wanted.queries, threads),
        layer_s=_OPERATIONS * ggml.operation_s(_SMALL, threads),
        step=_step(ggml, wanted, threads),
    )


def _step(ggml: Ggml, wanted: LayerSample, threads: int) -> StepRates:
    tokens, experts = wanted.step_tokens, 0.0
    if wanted.experts is not None:
        experts = ggml.expert_flops_per_s(wanted.experts, wanted.used, tokens, threads)
    return StepRates(
        tokens=tokens,
        dense_flops_per_s=ggml.dense_flops_per_s(wanted.dense, tokens, threads),
        expert_flops_per_s=experts,
        attention_flops_per_s=ggml.dense_flops_per_s(wanted.keys, tokens * wanted.queries, threads),
    )


def _remembered(wanted: LayerSample) -> Rates | None:
    with contextlib.suppress(OSError, msgspec.MsgspecError, cattrs.BaseValidationError):
        return cattrs.structure(msgspec.json.decode(_file(wanted).read_bytes()), Rates)
    return None


def _remember(wanted: LayerSample, found: Rates) -> None:
    """Keep it for the next time; a full disk costs the memory only."""
    with contextlib.suppress(OSError):
        file = _file(wanted)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(msgspec.json.encode(cattrs.unstructure(found)))


def _file(wanted: LayerSample) -> Path:
    """A file for each machine, build of llama.cpp and sample."""
    machine = (
        platform.machine(),
        platform.processor(),
        psutil.cpu_count(),
        psutil.virtual_memory().total,
        version("llama-cpp-python"),
    )
    name = hashlib.sha256(repr((machine, wanted)).encode()).hexdigest()[:24]
    return user_cache_path("leanwide") / "speed" / f"{name}.json"
