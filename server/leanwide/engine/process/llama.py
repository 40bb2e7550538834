"""llama.cpp, as far as the engine needs it. With `ggml.py` all that touches llama_cpp.

It uses llama-cpp-python's low-level binding: its ``Llama`` class has no abort callback, no
sequences, no buffer flags, ignores unknown arguments and builds broken FIM prompts.
Every handle here belongs to one process and one decoding thread; tokenising is thread-safe.
"""

from __future__ import annotations

import contextlib
import ctypes
import enum
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import llama_cpp
import numpy as np
import numpy.typing as npt
from attrs import frozen
from llama_cpp import llama_cpp as api

from leanwide import child
from leanwide.engine.base import EngineError, FimTokens, Sampling

Logits = npt.NDArray[np.float32]
"""One value per token of the vocabulary, shape (vocabulary,), or a row of them per token."""

_ERROR_LEVEL: Final = 4  # GGML_LOG_LEVEL_ERROR
_PIECE_BYTES: Final = 256  # longer than any token's text in the vocabularies at hand
_BUFFER_LINE: Final = re.compile(r"(?:KV|compute|output) buffer size = +([\d.]+) MiB")
_EXPERTS_LINE: Final = re.compile(r"print_info:\s+n_expert_used\s+=\s+(\d+)")
_log_callbacks: Final[list[Any]] = []
"""Callbacks that llama.cpp may call until the process ends: they must not be freed."""


class Log:
    """What llama.cpp logs, as far as it explains a failure or proves what was loaded."""

    def __init__(self) -> None:
        self.clear()
        callback = api.llama_log_callback(self._take)
        # llama.cpp keeps the pointer for the whole process, longer than any log is wanted.
        _log_callbacks.append(callback)
        api.llama_log_set(callback, ctypes.c_void_p(0))

    def clear(self) -> None:
        """Forget what was logged, before a new load."""
        self.first_error = ""
        """The first error line, without llama.cpp's function name: the others only follow."""
        self.experts_used = 0
        """The active experts that llama.cpp reported; 0 for a dense model."""
        self.buffer_bytes = 0
        """What llama.cpp said that it allocated beside the weights."""

    def _take(self, level: int, text: bytes, _: object) -> None:
        line = text.decode("utf-8", "replace").rstrip()
        if level == _ERROR_LEVEL:
            cause = line.split(": ", 1)[-1].removeprefix("error loading model: ")
            self.first_error = self.first_error or cause
        elif match := _EXPERTS_LINE.search(line):
            self.experts_used = int(match[1])
        elif match := _BUFFER_LINE.search(line):
            self.buffer_bytes += int(float(match[1]) * 2**20)


@frozen(kw_only=True)
class ModelParams:
    """How to load the weights."""

    path: Path
    expert_override: tuple[str, int] | None
    """Metadata key and value, such as ``("qwen3moe.expert_used_count", 4)``."""
    use_mmap: bool
    use_extra_bufts: bool
    gpu_layers: int
    vocabulary_only: bool = False
    """Load no weights: the model counts tokens, and no context can be opened on it."""


class Model:
    """Loaded weights and their vocabulary."""

    def __init__(self, params: ModelParams, log: Log, progress: Callable[[float], None]) -> None:
        """Load the weights.

        Raises:
            EngineError: llama.cpp refused the file; the message carries the cause it logged.
        """

        def report(share: float, _: object) -> bool:
            progress(share)
            return True

        self._log = log
        self._progress = api.llama_progress_callback(report)
        native = api.llama_model_default_params()
        native.n_gpu_layers = params.gpu_layers
        native.load_mode = api.LLAMA_LOAD_MODE_MMAP if params.use_mmap else api.LLAMA_LOAD_MODE_NONE
        native.use_extra_bufts = params.use_extra_bufts
        native.vocab_only = params.vocabulary_only
        native.progress_callback = self._progress
        if params.expert_override is not None:
            native.kv_overrides = _integer_overrides(*params.expert_override)
        log.clear()
        self._handle = api.llama_model_load_from_file(str(params.path).encode(), native)
        if not self._handle:
            cause = log.first_error or "llama.cpp gave no reason"
            raise EngineError(f"{params.path} cannot be loaded: {cause}")
        self._vocab: Any = api.llama_model_get_vocab(self._handle)
        self._piece_buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        self.experts_used = log.experts_used
        self.vocabulary: int = api.llama_vocab_n_tokens(self._vocab)

    @property
    def fim(self) -> FimTokens | None:
        """The fill-in-the-middle markers; None where the vocabulary lacks one of the three."""
        prefix = api.llama_vocab_fim_pre(self._vocab)
        suffix = api.llama_vocab_fim_suf(self._vocab)
        middle = api.llama_vocab_fim_mid(self._vocab)
        separator = api.llama_vocab_fim_sep(self._vocab)
        if api.LLAMA_TOKEN_NULL in (prefix, suffix, middle):
            return None
        return FimTokens(
            prefix=prefix,
            suffix=suffix,
            middle=middle,
            file_separator=None if separator == api.LLAMA_TOKEN_NULL else separator,
        )

    @property
    def chat_template(self) -> str | None:
        """The model's own Jinja template; untrusted text."""
        template = api.llama_model_chat_template(self._handle, None)
        return template.decode("utf-8", "replace") if template else None

    @property
    def starts_with_bos(self) -> bool:
        """Whether the model expects a beginning-of-sequence token."""
        return bool(api.llama_vocab_get_add_bos(self._vocab))

    @property
    def bos(self) -> int:
        """The beginning-of-sequence token."""
        return int(api.llama_vocab_bos(self._vocab))

    @property
    def eos(self) -> int:
        """The end-of-sequence token."""
        return int(api.llama_vocab_eos(self._vocab))

    def tokenize(self, text: str) -> list[int]:
        """Split ``text`` into token ids; text that looks like a special token stays text."""
        return self._tokenize(text, special=False)

    def tokenize_markup(self, text: str) -> list[int]:
        """Split ``text`` into token ids; what looks like a special token becomes one."""
        return self._tokenize(text, special=True)

    def _tokenize(self, text: str, *, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        room = len(data) + 8
        buffer = (api.llama_token * room)()
        count = api.llama_tokenize(self._vocab, data, len(data), buffer, room, False, special)
        return list(buffer[:count])

    def name(self, token: int) -> str:
        """Give the text that stands for ``token``, also of a special one; "" for no token."""
        if token == api.LLAMA_TOKEN_NULL:
            return ""
        text = api.llama_vocab_get_text(self._vocab, token)
        return text.decode("utf-8", "replace") if text else ""

    def piece(self, token: int) -> bytes:
        """Give the bytes of ``token``; empty for a special token."""
        size = api.llama_token_to_piece(
            self._vocab, token, self._piece_buffer, _PIECE_BYTES, 0, False
        )
        return self._piece_buffer.raw[:size] if size > 0 else b""

    def is_end(self, token: int) -> bool:
        """Whether ``token`` ends an answer: end of generation, or any marker."""
        return bool(
            api.llama_vocab_is_eog(self._vocab, token)
            or api.llama_vocab_is_control(self._vocab, token)
        )

    def is_special(self, token: int) -> bool:
        """Whether the vocabulary keeps ``token`` apart from text: no spelt text becomes it."""
        apart = api.LLAMA_TOKEN_ATTR_CONTROL | api.LLAMA_TOKEN_ATTR_USER_DEFINED
        return bool(api.llama_vocab_get_attr(self._vocab, token) & apart)

    def is_marker(self, text: str) -> bool:
        """Whether ``text`` stands for one special token."""
        tokens = self.tokenize_markup(text)
        return len(tokens) == 1 and self.is_special(tokens[0])

    def close(self) -> None:
        """Give the memory back."""
        api.llama_model_free(self._handle)

    def open_context(self, params: ContextParams, abort: Callable[[], bool]) -> Context:
        """Open a KV cache on these weights; ``abort`` is asked between graph nodes (CPU, Metal).

        Raises:
            EngineError: There is not enough memory for the KV cache.
        """
        self._log.clear()
        context = Context(self._handle, self.vocabulary, params, abort)
        context.buffer_bytes = self._log.buffer_bytes
        return context


@frozen(kw_only=True)
class ContextParams:
    """How large a KV cache is and how it is computed."""

    cells: int
    """Tokens that the cache holds over all sequences."""
    sequences: int
    batch_tokens: int
    """Most tokens in one :meth:`Context.decode`."""
    threads: int
    keeps_scores: bool
    """Attention keeps its scores: llama.cpp's flash attention is off."""


class Decoded(enum.Enum):
    """How a call of llama_decode ended."""

    DONE = enum.auto()
    FULL = enum.auto()
    """There is no room in the KV cache; nothing was evaluated."""
    ABORTED = enum.auto()
    """The abort callback said so; ask :meth:`Context.length` what was kept."""


class Context:
    """A KV cache and the graph that fills it."""

    def __init__(
        self, model: Any, vocabulary: int, params: ContextParams, abort: Callable[[], bool]
    ) -> None:
        self._vocabulary = vocabulary
        # llama.cpp keeps the pointer only: the callback object lives as long as the context.
        self._abort = api.ggml_abort_callback(lambda _: abort())
        native = api.llama_context_default_params()
        native.n_ctx = params.cells
        native.n_batch = native.n_ubatch = params.batch_tokens
        native.n_seq_max = params.sequences
        native.n_threads = native.n_threads_batch = params.threads
        native.kv_unified = True  # a partial seq_cp without it aborts the process
        # On a CPU it makes decoding slower, and its sums depend on threads and on slices of the
        # prompt, which follow the clock: the same question would get another answer.
        automatic, off = api.LLAMA_FLASH_ATTN_TYPE_AUTO, api.LLAMA_FLASH_ATTN_TYPE_DISABLED
        native.flash_attn_type = off if params.keeps_scores else automatic
        native.no_perf = True
        native.abort_callback = self._abort
        self._handle = api.llama_init_from_model(model, native)
        if not self._handle:
            raise EngineError(
                f"no memory for a context of {params.cells} tokens: lower context_tokens"
            )
        self.buffer_bytes = 0
        """What llama.cpp says that it allocated for the context; 0 where it says nothing."""
        self._memory: Any = api.llama_get_memory(self._handle)
        self._batch = _Batch(params.batch_tokens)

    def decode(
        self, tokens: Sequence[int], position: int, sequence: int, outputs: int = 1
    ) -> Decoded:
        """Evaluate ``tokens`` of ``sequence`` from ``position`` on.

        The logits of the last ``outputs`` tokens are kept.

        Raises:
            EngineError: llama.cpp failed.
        """
        batch = self._batch.fill(tokens, position, sequence, outputs)
        code = api.llama_decode(self._handle, batch)
        if code < 0:
            raise EngineError(f"llama_decode failed with code {code}")
        return (Decoded.DONE, Decoded.FULL, Decoded.ABORTED)[code]

    def use_threads(self, count: int) -> None:
        """Run what follows with so many threads."""
        api.llama_set_n_threads(self._handle, count, count)

    def length(self, sequence: int) -> int:
        """Tokens of ``sequence`` that the cache holds."""
        return int(api.llama_memory_seq_pos_max(self._memory, sequence)) + 1

    def truncate(self, sequence: int, keep: int) -> bool:
        """Forget all but the first ``keep`` tokens. False: the architecture cannot, all is gone."""
        if api.llama_memory_seq_rm(self._memory, sequence, keep, -1):
            return True
        api.llama_memory_seq_rm(self._memory, sequence, -1, -1)
        return False

    def copy(self, source: int, target: int, count: int) -> None:
        """Share the first ``count`` tokens of ``source`` with ``target``; costs no memory."""
        api.llama_memory_seq_cp(self._memory, source, target, 0, count)

    def state(self, sequence: int) -> bytearray:
        """Give what the cache holds of ``sequence``, for :meth:`restore` in another context."""
        size = api.llama_state_seq_get_size(self._handle, sequence)
        state = bytearray(size)
        view = (ctypes.c_uint8 * size).from_buffer(state)
        api.llama_state_seq_get_data(self._handle, view, size, sequence)
        return state

    def restore(self, sequence: int, state: bytearray) -> None:
        """Have ``sequence``, of which nothing is held, be as it was.

        Raises:
            EngineError: llama.cpp does not take it.
        """
        view = (ctypes.c_uint8 * len(state)).from_buffer(state)
        if not api.llama_state_seq_set_data(self._handle, view, len(state), sequence):
            raise EngineError("llama.cpp does not take back what the KV cache held")

    def logits(self) -> Logits:
        """Logits of the last evaluated token: a view, valid until the next decode."""
        pointer = api.llama_get_logits_ith(self._handle, -1)
        return np.ctypeslib.as_array(pointer, shape=(self._vocabulary,))

    def rows(self, count: int) -> Logits:
        """Logits of the last ``count`` outputs, shape (count, vocabulary): a view, as above."""
        pointer = api.llama_get_logits(self._handle)
        return np.ctypeslib.as_array(pointer, shape=(count, self._vocabulary))

    def sample(self, sampler: Sampler) -> int:
        """Choose the next token."""
        return int(api.llama_sampler_sample(sampler.chain, self._handle, -1))

    def close(self) -> None:
        """Give the memory back."""
        api.llama_free(self._handle)


class Sampler:
    """llama.cpp's sampler chain for one generation."""

    def __init__(self, sampling: Sampling, vocabulary: int) -> None:
        """Make it for a vocabulary of so many tokens."""
        self.chain: Any = api.llama_sampler_chain_init(api.llama_sampler_chain_default_params())
        for link in (*_penalties(sampling, vocabulary), *_links(sampling)):
            api.llama_sampler_chain_add(self.chain, link)

    def close(self) -> None:
        """Give the memory back."""
        api.llama_sampler_free(self.chain)


def _penalties(sampling: Sampling, vocabulary: int) -> list[Any]:
    if sampling.repeat_penalty == 1 or sampling.penalty_tokens == 0:
        return []
    last, repeat = sampling.penalty_tokens, sampling.repeat_penalty
    return [api.llama_sampler_init_penalties(vocabulary, last, repeat, 0.0, 0.0)]


def _links(sampling: Sampling) -> list[Any]:
    if sampling.temperature <= 0:
        return [api.llama_sampler_init_greedy()]
    return [
        api.llama_sampler_init_top_k(sampling.top_k),
        api.llama_sampler_init_top_p(sampling.top_p, 1),
        api.llama_sampler_init_temp(sampling.temperature),
        api.llama_sampler_init_dist(sampling.seed),
    ]


class _Batch:
    """A reusable llama_batch for tokens of one sequence."""

    def __init__(self, size: int) -> None:
        self._tokens = (api.llama_token * size)()
        self._positions = (api.llama_pos * size)()
        self._counts = (ctypes.c_int32 * size)(*[1] * size)
        self._sequence = (api.llama_seq_id * 1)()
        pointer = ctypes.cast(self._sequence, ctypes.POINTER(api.llama_seq_id))
        # All tokens of a batch belong to the same sequence, so one cell serves all pointers.
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


def _integer_overrides(key: str, value: int) -> Any:
    """A list of one override, ended by an empty key as llama.cpp expects."""
    overrides = (api.llama_model_kv_override * 2)()
    overrides[0].tag = api.LLAMA_KV_OVERRIDE_TYPE_INT
    overrides[0].key = key.encode()
    overrides[0].value.val_i64 = value
    overrides[1].key = b""
    return overrides


def system_features() -> str:
    """What this build of llama.cpp uses, such as ``AVX2 = 1 | OPENMP = 1``."""
    text: bytes = api.llama_print_system_info()
    return text.decode("utf-8", "replace").strip(" |")


def build() -> str:
    """Which build of llama.cpp this is: what another one wrote, it may read wrongly."""
    return str(llama_cpp.__version__)


def supports_gpu() -> bool:
    """Whether this build of llama.cpp can place layers on a GPU."""
    # A build whose backends are loaded looks for them in the working directory, too.
    with contextlib.chdir(child.HOME):
        return bool(api.llama_supports_gpu_offload())
