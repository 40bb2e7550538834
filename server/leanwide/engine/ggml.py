"""How fast llama.cpp's matrix kernels are on this machine, and the memory of its GPUs.

Beneath llama.cpp is ggml, which multiplies matrices without any model: the same kernels, on
matrices of the shape that a model has, say how fast that model will be. The functions of ggml are
not part of the Python binding; where a build keeps them elsewhere, nothing is known.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import llama_cpp
import numpy as np
import psutil
from attrs import frozen

_F32, _I32 = 0, 26
_GPUS: Final = (1, 2)  # GGML_BACKEND_DEVICE_TYPE_GPU, _IGPU
_SPARE_BYTES: Final = 256 << 20
"""Room for ggml's own bookkeeping and for quantised activations; untouched pages cost nothing."""
_FEWEST_RUNS, _RUNS_S = 3, 0.15
"""A product is timed at least so often, and for so many seconds."""
_SHORTEST_S: Final = 1e-9
"""What a clock that did not move yet stands for."""
_MOST_LAYERS: Final = 16
"""Layers of experts that are measured one after the other."""
_CHAIN: Final = 400
"""Operations one after the other, each waiting for the one before."""
_TENSOR_BYTES: Final = 1024
"""Room for what ggml notes of a tensor, its data left out."""
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
    """How many such matrices there are, of which a token uses some."""


@frozen(kw_only=True)
class FileMatrix:
    """A matrix in a file."""

    matrix: Matrix
    offset: int
    """From the start of the file, in bytes."""


def gpu_memory_bytes() -> int:
    """Give the memory of all GPUs that llama.cpp can use; 0 where there is none or it is hidden."""
    try:
        return Ggml().gpu_memory_bytes()
    except (OSError, AttributeError):
        return 0


@contextlib.contextmanager
def _mapped(file: Path, least: int) -> Iterator[tuple[int, int]]:
    """Map a file of so many bytes at least; gives where it starts and its length.

    Raises:
        OSError: It is gone, or shorter; ggml would read behind its end.
    """
    with file.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as found:
        if len(found) < least:
            raise OSError(f"{file} is cut off")
        view = np.frombuffer(found, np.uint8)
        try:
            yield view.ctypes.data, view.size
        finally:
            del view  # a map in use cannot be closed


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
    "ggml_backend_dev_memory": (None, _POINTER, _POINTER, _POINTER),
    "ggml_backend_dev_type": (_INT, _POINTER),
}
_CPU: Final = {"ggml_graph_compute_with_ctx": (_INT, _POINTER, _POINTER, _INT)}
_REGISTRY: Final = {
    "ggml_backend_dev_count": (ctypes.c_size_t,),
    "ggml_backend_dev_get": (_POINTER, ctypes.c_size_t),
}
"""Function → what it gives, what it takes; one table for each of ggml's libraries."""


class Ggml:
    """ggml's own functions, as this build of llama.cpp has them."""

    def __init__(self) -> None:
        """Find them.

        Raises:
            OSError: A library is not where llama-cpp-python usually puts it.
            AttributeError: A library lacks a function.
        """
        self._call: dict[str, Any] = {}
        for library, table in (("base", _BASE), ("cpu", _CPU), ("", _REGISTRY)):
            self._bind(library, table)

    def _bind(self, library: str, table: Any) -> None:
        suffix = "dylib" if sys.platform == "darwin" else "so"
        name = f"libggml-{library}.{suffix}" if library else f"libggml.{suffix}"
        loaded = ctypes.CDLL(str(Path(llama_cpp.__file__).parent / "lib" / name))
        for function, (gives, *takes) in table.items():
            found = getattr(loaded, function)
            found.restype, found.argtypes = gives, takes
            self._call[function] = found

    def stream_bytes_per_s(self, file: Path, parts: Sequence[FileMatrix], threads: int) -> float:
        """Bytes per second that parts of a file get through, each times one token.

        The file is mapped, as a model is: its pages lie where the system had room for them, and
        are read more slowly than memory of one piece. The first run brings them into memory.

        Raises:
            OSError: The file cannot be mapped, or ends before they do.
        """
        rows = sum(part.matrix.rows for part in parts)
        size = sum(part.matrix.rows * self._row(part.matrix) for part in parts)
        widths = {part.matrix.width for part in parts}
        with (
            _mapped(file, max(self._end(part) for part in parts)) as (start, length),
            self._room(8 * (rows + sum(widths))) as room,
            self._weights(start, length, parts) as weights,
        ):
            tokens = {width: self._matrix(room, _F32, width, 1) for width in widths}
            products = [
                self._call["ggml_mul_mat"](room, matrix, tokens[part.matrix.width])
                for matrix, part in zip(weights, parts, strict=True)
            ]
            return size / self._seconds(room, threads, *products)

    def dense_flops_per_s(self, matrix: Matrix, tokens: int, threads: int) -> float:
        """Operations per second of a matrix times so many tokens."""
        row = self._call["ggml_row_size"](matrix.kind, matrix.width)
        with self._room(matrix.rows * row + 8 * tokens * (matrix.width + matrix.rows)) as room:
            weights = self._matrix(room, matrix.kind, matrix.width, matrix.rows)
            columns = self._matrix(room, _F32, matrix.width, tokens)
            product = self._call["ggml_mul_mat"](room, weights, columns)
            flops = 2 * matrix.width * matrix.rows * tokens
            return flops / self._seconds(room, threads, product)

    def expert_flops_per_s(self, matrix: Matrix, used: int, tokens: int, threads: int) -> float:
        """Operations per second where each token goes through ``used`` experts of its own.

        As in a model, one product follows the other on weights that are not cached any more.
        """
        row = self._call["ggml_row_size"](matrix.kind, matrix.width)
        size = matrix.experts * matrix.rows * row
        layers = max(1, min(_MOST_LAYERS, _LAYERS_BYTES // size))
        # beside tokens and products, llama.cpp notes for each expert which tokens chose it
        numbers = 8 * tokens * (matrix.width + used * matrix.rows + 2 * used * matrix.experts)
        with self._room(layers * (size + numbers)) as room:
            columns = self._call["ggml_new_tensor_3d"](room, _F32, matrix.width, 1, tokens)
            self._clear(columns)
            chosen = self._chosen(room, matrix.experts, used, tokens)
            products = []
            for _ in range(layers):
                weights = self._call["ggml_new_tensor_3d"](
                    room, matrix.kind, matrix.width, matrix.rows, matrix.experts
                )
                self._clear(weights)
                product = self._call["ggml_mul_mat_id"](room, weights, columns, chosen)
                products.append(product)
            flops = 2 * matrix.width * matrix.rows * used * tokens * layers
            return float(flops / self._seconds(room, threads, *products))

    def operation_s(self, width: int, threads: int) -> float:
        """Seconds of an operation that is next to no work: the threads waiting for each other."""
        with self._room(8 * width * (width + _CHAIN)) as room:
            weights = self._matrix(room, _F32, width, width)
            product = self._matrix(room, _F32, width, 1)
            for _ in range(_CHAIN):
                product = self._call["ggml_mul_mat"](room, weights, product)
            return self._seconds(room, threads, product) / _CHAIN

    def gpu_memory_bytes(self) -> int:
        """Memory of all GPUs that llama.cpp would use; 0 where there is none."""
        total = 0
        for index in range(self._call["ggml_backend_dev_count"]()):
            device = self._call["ggml_backend_dev_get"](index)
            if self._call["ggml_backend_dev_type"](device) in _GPUS:
                free, whole = ctypes.c_size_t(), ctypes.c_size_t()
                self._call["ggml_backend_dev_memory"](
                    device, ctypes.byref(free), ctypes.byref(whole)
                )
                total += whole.value
        return total

    def _row(self, matrix: Matrix) -> int:
        return int(self._call["ggml_row_size"](matrix.kind, matrix.width))

    def _end(self, part: FileMatrix) -> int:
        return part.offset + part.matrix.rows * self._row(part.matrix)

    @contextlib.contextmanager
    def _weights(self, start: int, length: int, parts: Sequence[FileMatrix]) -> Iterator[list[Any]]:
        """Tensors on memory that is there already."""
        call = self._call
        buffer = call["ggml_backend_cpu_buffer_from_ptr"](start, length)
        room = call["ggml_init"](_Parameters(_TENSOR_BYTES * len(parts), None, True))
        try:
            tensors = []
            for part in parts:
                matrix = part.matrix
                new = call["ggml_new_tensor_2d"](room, matrix.kind, matrix.width, matrix.rows)
                call["ggml_backend_tensor_alloc"](buffer, new, start + part.offset)
                tensors.append(new)
            yield tensors
        finally:
            call["ggml_free"](room)
            call["ggml_backend_buffer_free"](buffer)

    @contextlib.contextmanager
    def _room(self, size: int) -> Iterator[Any]:
        """Memory for tensors, given back afterwards.

        Raises:
            OSError: There is too little; ggml would end the process.
        """
        if 2 * (size + _SPARE_BYTES) > psutil.virtual_memory().available:
            raise OSError("no memory to measure with")
        room = self._call["ggml_init"](_Parameters(size + _SPARE_BYTES, None, False))
        try:
            yield room
        finally:
            self._call["ggml_free"](room)

    def _matrix(self, room: Any, kind: int, width: int, rows: int) -> Any:
        tensor = self._call["ggml_new_tensor_2d"](room, kind, width, rows)
        self._clear(tensor)
        return tensor

    def _clear(self, tensor: Any) -> None:
        """Touch every page; zeros are numbers in every type."""
        call = self._call
        ctypes.memset(call["ggml_get_data"](tensor), 0, call["ggml_nbytes"](tensor))

    def _chosen(self, room: Any, experts: int, used: int, tokens: int) -> Any:
        """For each token other experts, as a router chooses them."""
        generator = np.random.default_rng(0)
        rows = [generator.choice(experts, used, replace=False) for _ in range(tokens)]
        chosen = self._matrix(room, _I32, used, tokens)
        numbers = np.array(rows, np.int32)
        ctypes.memmove(self._call["ggml_get_data"](chosen), numbers.ctypes.data, numbers.nbytes)
        return chosen

    def _seconds(self, room: Any, threads: int, *products: Any) -> float:
        """The fastest of some runs: what else the machine does makes a run slower only.

        One thread is this one, whose processor time does not count what others take away.
        """
        clock = time.thread_time if threads == 1 else time.perf_counter
        graph = self._call["ggml_new_graph"](room)
        for product in products:
            self._call["ggml_build_forward_expand"](graph, product)
        took: list[float] = []
        enough = True
        while enough and (len(took) < _FEWEST_RUNS or sum(took) < _RUNS_S):
            before = self._call["ggml_used_mem"](room)
            began = clock()
            self._call["ggml_graph_compute_with_ctx"](room, graph, threads)
            took.append(clock() - began)
            # Every run takes memory of its own from the room, which has an end.
            after = self._call["ggml_used_mem"](room)
            enough = self._call["ggml_get_mem_size"](room) - after > 2 * (after - before)
        return max(min(took), _SHORTEST_S)
