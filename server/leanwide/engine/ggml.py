"""How fast llama.cpp's matrix kernels are on this machine.

ggml, the library below llama.cpp, multiplies matrices without a model: its kernels, run on matrices
of a model's shape, predict the model's speed. The Python binding does not cover ggml's functions;
they are bound here. Where a build keeps them elsewhere, nothing can be measured.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import psutil
from attrs import frozen

from leanwide.engine.native import llama_cpp

_F32, _I32 = 0, 26
_SPARE_BYTES: Final = 256 << 20
"""For ggml's own bookkeeping and for quantised activations; untouched pages cost nothing."""
_MIN_RUNS, _RUNS_S = 3, 0.15
"""A product is timed at least 3 times, and for 0.15 seconds."""
_MIN_S: Final = 1e-9
"""Stands for a time too short for the clock."""
_MAX_LAYERS: Final = 16
"""Layers of experts in one measurement."""
_CHAIN: Final = 400
"""Operations in a row, each waiting for the one before."""
_TENSOR_BYTES: Final = 1024
"""Memory of a ggml tensor without its data."""
_LAYERS_BYTES: Final = 192 << 20
"""Matrices larger than any cache, so that their weights come from memory."""


@frozen(kw_only=True)
class Matrix:
    """The matrices of one kind in a layer."""

    kind: int
    """Number of the ggml type."""
    width: int
    """Weights in a row."""
    rows: int
    experts: int = 1
    """Matrices of this shape, of which a token uses some."""


@frozen(kw_only=True)
class FileMatrix:
    """A matrix in a file."""

    matrix: Matrix
    offset: int
    """From the start of the file, in bytes."""


@contextlib.contextmanager
def _mapped(file: Path, min_bytes: int) -> Iterator[tuple[int, int]]:
    """Map a file; yield its address and its length in bytes.

    Raises:
        OSError: It is gone, or shorter than ``min_bytes``; ggml would read past its end.
    """
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if len(data) < min_bytes:
            raise OSError(f"{file} is cut off")
        view = np.frombuffer(data, np.uint8)
        try:
            yield view.ctypes.data, view.size
        finally:
            del view  # a mapping with a view on it cannot be closed


class _Parameters(ctypes.Structure):
    _fields_ = (
        ("mem_size", ctypes.c_size_t),
        ("mem_buffer", ctypes.c_void_p),
        ("no_alloc", ctypes.c_bool),
    )


_POINTER, _INT, _LONG = ctypes.c_void_p, ctypes.c_int, ctypes.c_int64
_BASE: Final = {
    "ggml_init": (_POINTER, _Parameters),
    "ggml_free": (None, _POINTER),
    "ggml_row_size": (ctypes.c_size_t, _INT, _LONG),
    "ggml_new_tensor_2d": (_POINTER, _POINTER, _INT, _LONG, _LONG),
    "ggml_new_tensor_3d": (_POINTER, _POINTER, _INT, _LONG, _LONG, _LONG),
    "ggml_mul_mat": (_POINTER, _POINTER, _POINTER, _POINTER),
    "ggml_mul_mat_id": (_POINTER, _POINTER, _POINTER, _POINTER, _POINTER),
    "ggml_new_graph": (_POINTER, _POINTER),
    "ggml_build_forward_expand": (None, _POINTER, _POINTER),
    "ggml_get_data": (_POINTER, _POINTER),
    "ggml_nbytes": (ctypes.c_size_t, _POINTER),
    "ggml_used_mem": (ctypes.c_size_t, _POINTER),
    "ggml_get_mem_size": (ctypes.c_size_t, _POINTER),
    "ggml_backend_cpu_buffer_from_ptr": (_POINTER, _POINTER, ctypes.c_size_t),
    "ggml_backend_tensor_alloc": (_INT, _POINTER, _POINTER, _POINTER),
    "ggml_backend_buffer_free": (None, _POINTER),
}
_CPU: Final = {"ggml_graph_compute_with_ctx": (_INT, _POINTER, _POINTER, _INT)}
"""Function → result type, argument types; one table for each of ggml's libraries."""


def bind(library: str, table: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return functions of one of ggml's libraries: ``base``, ``cpu``, or "" for the registry.

    Args:
        library: Its name.
        table: Function → result type, argument types.

    Raises:
        OSError: The library is not where llama-cpp-python usually puts it.
        AttributeError: It lacks a function.
    """
    suffix = "dylib" if sys.platform == "darwin" else "so"
    name = f"libggml-{library}.{suffix}" if library else f"libggml.{suffix}"
    loaded = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib" / name))
    bound = {}
    for function, (result, *arguments) in table.items():
        bound[function] = getattr(loaded, function)
        bound[function].restype, bound[function].argtypes = result, arguments
    return bound


class Ggml:
    """The functions of ggml in this build of llama.cpp."""

    def __init__(self) -> None:
        """Bind the functions.

        Raises:
            OSError: A library is not where llama-cpp-python usually puts it.
            AttributeError: A library lacks a function.
        """
        self._call: dict[str, Any] = {**bind("base", _BASE), **bind("cpu", _CPU)}

    def stream_bytes_per_s(self, file: Path, parts: Sequence[FileMatrix], threads: int) -> float:
        """Return the bytes per second at which matrices of a file are multiplied by one token.

        The file is mapped, as a model is: its pages are scattered and are read more slowly than
        contiguous memory. The first run brings them into memory.

        Raises:
            OSError: The file cannot be mapped, or ends before the matrices do.
        """
        rows = sum(part.matrix.rows for part in parts)
        size = sum(part.matrix.rows * self._row_bytes(part.matrix) for part in parts)
        end = max(part.offset + part.matrix.rows * self._row_bytes(part.matrix) for part in parts)
        widths = {part.matrix.width for part in parts}
        with (
            _mapped(file, end) as (start, length),
            self._context(8 * (rows + sum(widths))) as context,
            self._weights(start, length, parts) as weights,
        ):
            tokens = {width: self._matrix(context, _F32, width, 1) for width in widths}
            products = [
                self._call["ggml_mul_mat"](context, matrix, tokens[part.matrix.width])
                for matrix, part in zip(weights, parts, strict=True)
            ]
            return size / self._seconds(context, threads, *products)

    def dense_flops_per_s(self, matrix: Matrix, tokens: int, threads: int) -> float:
        """Return the floating-point operations per second of a matrix times ``tokens`` tokens."""
        size = matrix.rows * self._row_bytes(matrix)
        with self._context(size + 8 * tokens * (matrix.width + matrix.rows)) as context:
            weights = self._matrix(context, matrix.kind, matrix.width, matrix.rows)
            columns = self._matrix(context, _F32, matrix.width, tokens)
            product = self._call["ggml_mul_mat"](context, weights, columns)
            flops = 2 * matrix.width * matrix.rows * tokens
            return flops / self._seconds(context, threads, product)

    def expert_flops_per_s(self, matrix: Matrix, used: int, tokens: int, threads: int) -> float:
        """Return the same where each token goes through ``used`` experts of its own.

        As in a model, each product runs on weights that are no longer cached.
        """
        size = matrix.experts * matrix.rows * self._row_bytes(matrix)
        layers = max(1, min(_MAX_LAYERS, _LAYERS_BYTES // size))
        # Besides tokens and products, ggml stores for each expert which tokens chose it.
        numbers = 8 * tokens * (matrix.width + used * matrix.rows + 2 * used * matrix.experts)
        with self._context(layers * (size + numbers)) as context:
            columns = self._call["ggml_new_tensor_3d"](context, _F32, matrix.width, 1, tokens)
            self._clear(columns)
            chosen = routes(matrix.experts, used, tokens)
            routing = self._matrix(context, _I32, used, tokens)
            ctypes.memmove(self._call["ggml_get_data"](routing), chosen.ctypes.data, chosen.nbytes)
            products = []
            for _ in range(layers):
                weights = self._call["ggml_new_tensor_3d"](
                    context, matrix.kind, matrix.width, matrix.rows, matrix.experts
                )
                self._clear(weights)
                product = self._call["ggml_mul_mat_id"](context, weights, columns, routing)
                products.append(product)
            flops = 2 * matrix.width * matrix.rows * used * tokens * layers
            return float(flops / self._seconds(context, threads, *products))

    def operation_s(self, width: int, threads: int) -> float:
        """Return the seconds of a tiny operation: the threads waiting for each other."""
        with self._context(8 * width * (width + _CHAIN)) as context:
            weights = self._matrix(context, _F32, width, width)
            product = self._matrix(context, _F32, width, 1)
            for _ in range(_CHAIN):
                product = self._call["ggml_mul_mat"](context, weights, product)
            return self._seconds(context, threads, product) / _CHAIN

    def _row_bytes(self, matrix: Matrix) -> int:
        return int(self._call["ggml_row_size"](matrix.kind, matrix.width))

    @contextlib.contextmanager
    def _weights(self, start: int, length: int, parts: Sequence[FileMatrix]) -> Iterator[list[Any]]:
        """Yield tensors for matrices of a mapped file, without copying them."""
        call = self._call
        buffer = call["ggml_backend_cpu_buffer_from_ptr"](start, length)
        context = call["ggml_init"](_Parameters(_TENSOR_BYTES * len(parts), None, True))
        try:
            tensors = []
            for part in parts:
                matrix = part.matrix
                tensor = call["ggml_new_tensor_2d"](context, matrix.kind, matrix.width, matrix.rows)
                call["ggml_backend_tensor_alloc"](buffer, tensor, start + part.offset)
                tensors.append(tensor)
            yield tensors
        finally:
            call["ggml_free"](context)
            call["ggml_backend_buffer_free"](buffer)

    @contextlib.contextmanager
    def _context(self, size: int) -> Iterator[Any]:
        """Yield a ggml context with memory for ``size`` bytes of tensors.

        Raises:
            OSError: There is too little memory; ggml would abort the process.
        """
        if 2 * (size + _SPARE_BYTES) > psutil.virtual_memory().available:
            raise OSError("no memory to measure with")
        context = self._call["ggml_init"](_Parameters(size + _SPARE_BYTES, None, False))
        try:
            yield context
        finally:
            self._call["ggml_free"](context)

    def _matrix(self, context: Any, kind: int, width: int, rows: int) -> Any:
        tensor = self._call["ggml_new_tensor_2d"](context, kind, width, rows)
        self._clear(tensor)
        return tensor

    def _clear(self, tensor: Any) -> None:
        """Write zeros, valid numbers in every type, so that every page is in memory."""
        call = self._call
        ctypes.memset(call["ggml_get_data"](tensor), 0, call["ggml_nbytes"](tensor))

    def _seconds(self, context: Any, threads: int, *products: Any) -> float:
        """Return the seconds of the fastest run: other programs only make a run slower.

        A single thread is this one; its processor time leaves out what other programs take.
        """
        clock = time.thread_time if threads == 1 else time.perf_counter
        graph = self._call["ggml_new_graph"](context)
        for product in products:
            self._call["ggml_build_forward_expand"](graph, product)
        times: list[float] = []
        has_memory = True
        while has_memory and (len(times) < _MIN_RUNS or sum(times) < _RUNS_S):
            before = self._call["ggml_used_mem"](context)
            began = clock()
            self._call["ggml_graph_compute_with_ctx"](context, graph, threads)
            times.append(clock() - began)
            # Every run takes more of the context's memory.
            after = self._call["ggml_used_mem"](context)
            has_memory = self._call["ggml_get_mem_size"](context) - after > 2 * (after - before)
        return max(min(times), _MIN_S)


def routes(experts: int, used: int, tokens: int) -> npt.NDArray[np.int32]:
    """Return ``used`` different experts for each token, as a router chooses them.

    Shape (tokens, used).
    """
    generator = np.random.default_rng(0)
    rows = [generator.choice(experts, used, replace=False) for _ in range(tokens)]
    return np.array(rows, np.int32)
