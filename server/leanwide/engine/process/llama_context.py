"""llama.cpp's contexts and samplers: what evaluates tokens and chooses the next one.

A context belongs to one process and one decoding thread.
"""

from __future__ import annotations

import ctypes
import enum
from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from attrs import frozen

from leanwide.engine.base import EngineError
from leanwide.engine.native import api
from leanwide.engine.requests import Sampling
from leanwide.models.memory import KvType

_GGML_TYPES: Final = {KvType.F16: api.GGML_TYPE_F16, KvType.Q8_0: api.GGML_TYPE_Q8_0}

Logits = npt.NDArray[np.float32]
"""One value per token of the vocabulary, shape (vocabulary,), or one such row per token."""


@frozen(kw_only=True)
class ContextParams:
    """The size of a KV cache and how it is computed."""

    cells: int
    """Tokens that the cache has room for, over all sequences."""
    sequences: int
    batch_tokens: int
    """Most tokens in one :meth:`Context.decode`."""
    threads: int
    keeps_scores: bool
    """Attention keeps its scores: flash attention is off."""
    kv_type: KvType = KvType.F16
    shares_cells: bool = False
    """All sequences stand in the same cells, and the attention of each goes over those of all. Only
    for sliding windows, which cannot be copied from one part of the cache to another."""

    def cells_for(self, tokens: int) -> int:
        """Return the cells that give a sequence room for ``tokens`` tokens."""
        return tokens * (1 if self.shares_cells else self.sequences)


class Decoded(enum.Enum):
    """How a call of llama_decode ended."""

    DONE = enum.auto()
    FULL = enum.auto()
    """There is no room in the KV cache; nothing was evaluated."""
    ABORTED = enum.auto()
    """The abort callback returned true; :meth:`Context.length` is what was kept."""


class Context:
    """A KV cache and the graph that fills it."""

    def __init__(
        self, model: Any, vocabulary_size: int, params: ContextParams, abort: Callable[[], bool]
    ) -> None:
        """Allocate the cache for a llama.cpp model handle.

        Raises:
            EngineError: There is not enough memory.
        """
        self._vocabulary_size = vocabulary_size
        # llama.cpp stores only a pointer: the callback object must live as long as the context.
        self._abort = api.ggml_abort_callback(lambda _: abort())
        native = api.llama_context_default_params()
        native.n_ctx = params.cells
        native.n_batch = native.n_ubatch = params.batch_tokens
        native.n_seq_max = params.sequences
        native.n_threads = native.n_threads_batch = params.threads
        # Otherwise a sequence has cells of its own: the others cost it no time.
        native.kv_unified = params.shares_cells
        # On a CPU flash attention slows decoding, and its sums depend on the number of threads and
        # on prefill chunks, which depend on time: the same question would get another answer.
        automatic, off = api.LLAMA_FLASH_ATTN_TYPE_AUTO, api.LLAMA_FLASH_ATTN_TYPE_DISABLED
        native.flash_attn_type = off if params.keeps_scores else automatic
        native.type_k = native.type_v = _GGML_TYPES[params.kv_type]
        # A long chunk would copy the experts that are in memory to the GPU, gigabytes for a model
        # that does not fit there, in a step that cannot be aborted.
        native.op_offload = False
        native.no_perf = True
        native.abort_callback = self._abort
        self._handle = api.llama_init_from_model(model, native)
        if not self._handle:
            other = "" if params.kv_type is KvType.F16 else ', or set model.kv_type = "f16"'
            raise EngineError(
                f"no memory for a context of {params.cells} tokens: lower context_tokens{other}"
            )
        self.buffer_bytes = 0
        """Bytes that llama.cpp allocated for the context; 0 where it does not report them."""
        self._shares_cells = params.shares_cells
        self._memory: Any = api.llama_get_memory(self._handle)
        self._batch = _Batch(params.batch_tokens)

    def decode(
        self, tokens: Sequence[int], position: int, sequence: int, outputs: int = 1
    ) -> Decoded:
        """Evaluate ``tokens`` of ``sequence``, the first at ``position``.

        Keeps the logits of the last ``outputs`` tokens.

        Raises:
            EngineError: llama.cpp failed.
        """
        batch = self._batch.fill(tokens, position, sequence, outputs)
        code = api.llama_decode(self._handle, batch)
        if code < 0:
            raise EngineError(f"llama_decode failed with code {code}")
        return (Decoded.DONE, Decoded.FULL, Decoded.ABORTED)[code]

    def use_threads(self, count: int) -> None:
        """Run the next calls with ``count`` threads."""
        api.llama_set_n_threads(self._handle, count, count)

    def length(self, sequence: int) -> int:
        """Return the number of tokens of ``sequence`` in the cache."""
        return int(api.llama_memory_seq_pos_max(self._memory, sequence)) + 1

    def oldest(self, sequence: int) -> int:
        """Return the first position of ``sequence`` that all layers with a window still hold."""
        return int(api.llama_memory_seq_pos_min(self._memory, sequence))

    def truncate(self, sequence: int, keep: int) -> bool:
        """Keep the first ``keep`` tokens. False: the architecture cannot, and none is left."""
        if api.llama_memory_seq_rm(self._memory, sequence, keep, -1):
            return True
        api.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return False

    def copy(self, source: int, target: int, count: int = -1) -> None:
        """Copy the first ``count`` tokens of ``source``, or all, to the empty ``target``.

        What is recurrent is that of the end of ``source`` in any case.

        Raises:
            EngineError: llama.cpp refuses the copy.
        """
        if self._shares_cells:
            api.llama_memory_seq_cp(self._memory, source, target, 0, count)
            return
        # Between cells of two sequences llama_memory_seq_cp copies later, at the next decode: over
        # what is restored until then.
        whole = api.LLAMA_STATE_SEQ_FLAGS_NONE
        self._read_state(self._state(source, whole), target, whole)
        if count >= 0:
            self.truncate(target, count)

    def state(self, sequence: int) -> memoryview:
        """Return the state of ``sequence``, for :meth:`restore` in another context."""
        return self._state(sequence, api.LLAMA_STATE_SEQ_FLAGS_NONE)

    def partial_state(self, sequence: int) -> memoryview:
        """Return what :meth:`truncate` cannot bring back: recurrent states, and windows.

        For an architecture that has neither, this is the whole state.
        """
        return self._state(sequence, api.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY)

    def restore(self, sequence: int, state: memoryview) -> None:
        """Restore a saved state into an empty sequence.

        Raises:
            EngineError: llama.cpp rejects it.
        """
        self._read_state(state, sequence, api.LLAMA_STATE_SEQ_FLAGS_NONE)

    def restore_partial(self, sequence: int, state: memoryview) -> None:
        """Restore a partial state; the rest of the sequence must be truncated to its length.

        Raises:
            EngineError: llama.cpp rejects it.
        """
        self._read_state(state, sequence, api.LLAMA_STATE_SEQ_FLAGS_PARTIAL_ONLY)

    def _state(self, sequence: int, flags: int) -> memoryview:
        size = api.llama_state_seq_get_size_ext(self._handle, sequence, flags)
        # numpy's memory is in huge pages, and not cleared: half the time for tens of megabytes.
        state = np.empty(size, np.uint8).data
        self._write_state(state, sequence, flags)
        return state

    def _write_state(self, state: memoryview, sequence: int, flags: int) -> None:
        view = (ctypes.c_uint8 * len(state)).from_buffer(state)
        api.llama_state_seq_get_data_ext(self._handle, view, len(state), sequence, flags)

    def _read_state(self, state: memoryview, sequence: int, flags: int) -> None:
        view = (ctypes.c_uint8 * len(state)).from_buffer(state)
        if not api.llama_state_seq_set_data_ext(self._handle, view, len(state), sequence, flags):
            raise EngineError("llama.cpp rejects the saved KV cache state")

    def logits(self, before_last: int = 0) -> Logits:
        """Return the logits of an output, counted from the last: a view until the next decode."""
        pointer = api.llama_get_logits_ith(self._handle, -1 - before_last)
        return np.ctypeslib.as_array(pointer, shape=(self._vocabulary_size,))

    def rows(self, count: int) -> Logits:
        """Return the logits of the last ``count`` outputs, a row each: a view, as above."""
        pointer = api.llama_get_logits(self._handle)
        return np.ctypeslib.as_array(pointer, shape=(count, self._vocabulary_size))

    def sample(self, sampler: Sampler, before_last: int = 0) -> int:
        """Sample the next token from the logits of an output, counted from the last."""
        return int(api.llama_sampler_sample(sampler.chain, self._handle, -1 - before_last))

    def close(self) -> None:
        """Free the memory."""
        api.llama_free(self._handle)


class Sampler:
    """llama.cpp's sampler chain for one generation."""

    def __init__(self, sampling: Sampling, vocabulary_size: int) -> None:
        """Build the chain for a vocabulary of ``vocabulary_size`` tokens."""
        self.chain: Any = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        links = []
        if sampling.repeat_penalty != 1 and sampling.penalty_tokens != 0:
            last, repeat = sampling.penalty_tokens, sampling.repeat_penalty
            links.append(api.llama_sampler_init_penalties(vocabulary_size, last, repeat, 0.0, 0.0))
        if sampling.temperature <= 0:
            links.append(api.llama_sampler_init_greedy())
        else:
            links += [
                api.llama_sampler_init_top_k(sampling.top_k),
                api.llama_sampler_init_top_p(sampling.top_p, 1),
                api.llama_sampler_init_min_p(sampling.min_p, 1),
                api.llama_sampler_init_temp(sampling.temperature),
                api.llama_sampler_init_dist(sampling.seed),
            ]
        for link in links:
            api.llama_sampler_chain_add(self.chain, link)

    def close(self) -> None:
        """Free the memory."""
        api.llama_sampler_free(self.chain)


class _Batch:
    """A reusable llama_batch for tokens of one sequence."""

    def __init__(self, size: int) -> None:
        self._tokens = (api.llama_token * size)()
        self._positions = (api.llama_pos * size)()
        self._counts = (ctypes.c_int32 * size)(*[1] * size)
        self._sequence = (api.llama_seq_id * 1)()
        pointer = ctypes.cast(self._sequence, ctypes.POINTER(api.llama_seq_id))
        # All tokens of a batch belong to one sequence, so one array serves all pointers.
        self._sequences = (ctypes.POINTER(api.llama_seq_id) * size)(*[pointer] * size)
        self._outputs = (ctypes.c_int8 * size)()

    def fill(self, tokens: Sequence[int], position: int, sequence: int, outputs: int) -> Any:
        count = len(tokens)
        self._tokens[:count] = list(tokens)
        self._positions[:count] = list(range(position, position + count))
        self._sequence[0] = sequence
        ctypes.memset(self._outputs, 0, count)
        self._outputs[count - outputs : count] = [1] * outputs
        return api.llama_batch(
            n_tokens=count,
            token=self._tokens,
            embd=None,
            pos=self._positions,
            n_seq_id=self._counts,
            seq_id=self._sequences,
            logits=self._outputs,
        )
