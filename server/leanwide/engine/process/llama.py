"""llama.cpp's models: weights and vocabularies, and what this build of llama.cpp can do.

A model belongs to one process and one decoding thread; tokenizing is thread-safe.
"""

from __future__ import annotations

import ctypes
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from attrs import frozen

from leanwide.engine.base import EngineError
from leanwide.engine.ggml import bind
from leanwide.engine.native import api, llama_cpp
from leanwide.engine.process.llama_context import Context, ContextParams
from leanwide.engine.process.markers import without_marker_tokens
from leanwide.engine.specs import FimTokens

_ERROR_LEVEL: Final = 4  # GGML_LOG_LEVEL_ERROR
_PIECE_BYTES: Final = 256  # longer than any token's text in the known vocabularies
_BUFFER_LINE: Final = re.compile(r"(?:KV|RS|compute|output) buffer size = +([\d.]+) MiB")
_EXPERTS_LINE: Final = re.compile(r"print_info:\s+n_expert_used\s+=\s+(\d+)")
_under_way: Final = threading.local()
"""The log of the load that is under way in each thread: two models may be loaded at once."""


def _read_line(level: int, text: bytes, _: object) -> None:
    """Read a line for the load under way in this thread."""
    log: Log | None = getattr(_under_way, "log", None)
    if log is not None:
        log.read(level, text)


_CALLBACK: Final = api.llama_log_callback(_read_line)
"""llama.cpp has one for the process, and may call it until that ends."""


class Log:
    """The lines of llama.cpp's log that explain a failure or show what was loaded."""

    def __init__(self) -> None:
        self.clear()
        api.llama_log_set(_CALLBACK, ctypes.c_void_p(0))

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Read what llama.cpp says in this thread meanwhile, and nothing else."""
        self.clear()
        _under_way.log = self
        try:
            yield
        finally:
            _under_way.log = None

    def clear(self) -> None:
        """Reset everything, before a new load."""
        self.first_error = ""
        """The first error line, without llama.cpp's function name: the others follow from it."""
        self.experts_used = 0
        """The active experts that llama.cpp reported; 0 for a dense model."""
        self.buffer_bytes = 0
        """Bytes that llama.cpp allocated besides the weights."""

    def read(self, level: int, text: bytes) -> None:
        """Read a line."""
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
    cpu_expert_layers: int = 0
    """Layers on a GPU whose experts stay in memory, the first ones."""
    vocabulary_only: bool = False
    """Load no weights: the model only tokenizes, and no context can be opened on it."""


class Model:
    """Loaded weights and their vocabulary."""

    def __init__(self, params: ModelParams, log: Log, progress: Callable[[float], None]) -> None:
        """Load the weights.

        Raises:
            EngineError: llama.cpp refused the file; the message has the cause that it logged.
        """

        def report(share: float, _: object) -> bool:
            progress(share)
            return True

        self._log = log
        self._progress = api.llama_progress_callback(report)
        native = api.llama_model_default_params()
        native.n_gpu_layers = params.gpu_layers
        if params.gpu_layers == 0:  # or llama.cpp would still use a GPU for long chunks
            native.split_mode, native.main_gpu = api.LLAMA_SPLIT_MODE_NONE, -1
        self._experts_on_cpu = _cpu_experts(params.cpu_expert_layers)
        native.tensor_buft_overrides = ctypes.cast(self._experts_on_cpu, ctypes.c_void_p)
        native.load_mode = api.LLAMA_LOAD_MODE_MMAP if params.use_mmap else api.LLAMA_LOAD_MODE_NONE
        native.use_extra_bufts = params.use_extra_bufts
        native.vocab_only = params.vocabulary_only
        native.progress_callback = self._progress
        # SentencePiece puts a blank in front of a text. Ours are pieces of prompts, each tokenized
        # apart, and none of them begins with a blank that nobody wrote.
        overrides = [_off_override("tokenizer.ggml.add_space_prefix")]
        if params.expert_override is not None:
            overrides.append(_integer_override(*params.expert_override))
        native.kv_overrides = _terminated(overrides)
        with log.reading():
            self._handle = api.llama_model_load_from_file(str(params.path).encode(), native)
        if not self._handle:
            cause = log.first_error or "llama.cpp gave no reason"
            raise EngineError(f"{params.path} cannot be loaded: {cause}")
        self._vocab: Any = api.llama_model_get_vocab(self._handle)
        self._piece_buffer = ctypes.create_string_buffer(_PIECE_BYTES)
        self.experts_used = log.experts_used
        self.vocabulary_size: int = api.llama_vocab_n_tokens(self._vocab)

    @property
    def recurrent(self) -> bool:
        """Whether a layer keeps one state for all tokens of a sequence, which cannot be cut."""
        return bool(
            api.llama_model_is_recurrent(self._handle) or api.llama_model_is_hybrid(self._handle)
        )

    @property
    def window(self) -> int:
        """Tokens that layers with a sliding window attend to; 0 where no layer has one."""
        return int(api.llama_model_n_swa(self._handle))

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
        return self.bos != api.LLAMA_TOKEN_NULL and bool(api.llama_vocab_get_add_bos(self._vocab))

    @property
    def bos(self) -> int:
        """The beginning-of-sequence token."""
        return int(api.llama_vocab_bos(self._vocab))

    @property
    def eos(self) -> int:
        """The end-of-sequence token."""
        return int(api.llama_vocab_eos(self._vocab))

    def tokenize(self, text: str) -> list[int]:
        """Return the token ids of ``text``; what looks like a special token stays text."""
        parts = without_marker_tokens(text, self._is_special_as_text)
        return [token for part in parts for token in self._tokenize(part, special=False)]

    def tokenize_markup(self, text: str) -> list[int]:
        """Return the token ids of ``text``; what looks like a special token becomes one."""
        return self._tokenize(text, special=True)

    def _is_special_as_text(self, marker: str) -> bool:
        tokens = self._tokenize(marker, special=False)
        return len(tokens) == 1 and self.is_special(tokens[0])

    def _tokenize(self, text: str, *, special: bool) -> list[int]:
        data = text.encode("utf-8", "replace")
        size = len(data) + 8
        buffer = (api.llama_token * size)()
        count = api.llama_tokenize(self._vocab, data, len(data), buffer, size, False, special)
        return list(buffer[:count])

    def name(self, token: int) -> str:
        """Return the name of a token, also of a special one; "" for no token."""
        if token == api.LLAMA_TOKEN_NULL:
            return ""
        text = api.llama_vocab_get_text(self._vocab, token)
        return text.decode("utf-8", "replace") if text else ""

    def piece(self, token: int) -> bytes:
        """Return the bytes of ``token``; empty for a special token."""
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
        """Whether ``token`` is special: tokenizing plain text never produces it."""
        special = api.LLAMA_TOKEN_ATTR_CONTROL | api.LLAMA_TOKEN_ATTR_USER_DEFINED
        return bool(api.llama_vocab_get_attr(self._vocab, token) & special)

    def special_names(self, markup: str) -> list[str]:
        """Return the names of the special tokens in a text of a chat template."""
        return [
            self.name(token) for token in self.tokenize_markup(markup) if self.is_special(token)
        ]

    def is_marker(self, text: str) -> bool:
        """Whether ``text`` is the name of one special token."""
        tokens = self.tokenize_markup(text)
        return len(tokens) == 1 and self.is_special(tokens[0])

    def close(self) -> None:
        """Free the memory."""
        api.llama_model_free(self._handle)

    def open_context(self, params: ContextParams, abort: Callable[[], bool]) -> Context:
        """Open a context on the weights; ``abort`` is called between graph nodes (CPU, Metal).

        Raises:
            EngineError: There is not enough memory for the KV cache.
        """
        with self._log.reading():
            context = Context(self._handle, self.vocabulary_size, params, abort)
        context.buffer_bytes = self._log.buffer_bytes
        return context


def _integer_override(key: str, value: int) -> Any:
    """Return a number to use in place of what the model file says."""
    override = api.llama_model_kv_override()
    override.tag, override.key = api.LLAMA_KV_OVERRIDE_TYPE_INT, key.encode()
    override.value.val_i64 = value
    return override


def _off_override(key: str) -> Any:
    """Return "false" to use in place of what the model file says."""
    override = api.llama_model_kv_override()
    override.tag, override.key = api.LLAMA_KV_OVERRIDE_TYPE_BOOL, key.encode()
    override.value.val_bool = False
    return override


def _terminated(overrides: Sequence[Any]) -> Any:
    """Return overrides as an array that ends with an empty key, as llama.cpp expects."""
    array = (api.llama_model_kv_override * (len(overrides) + 1))(*overrides)
    array[len(overrides)].key = b""
    return array


class _BufferOverride(ctypes.Structure):
    """``struct llama_model_tensor_buft_override``, which the binding leaves out."""

    _fields_ = (("pattern", ctypes.c_char_p), ("buffer_type", ctypes.c_void_p))


def _cpu_experts(layers: int) -> Any:
    """Return overrides that keep the experts of the first layers in memory; a null one ends them.

    The pattern for a layer is that of llama.cpp's own option ``--n-cpu-moe``.
    """
    overrides = (_BufferOverride * (layers + 1))()
    if layers:
        memory = bind("base", {"ggml_backend_cpu_buffer_type": (ctypes.c_void_p,)})
        kind = memory["ggml_backend_cpu_buffer_type"]()
        for number in range(layers):
            pattern = rf"blk\.{number}\.ffn_(up|down|gate|gate_up)_(ch|)exps"
            overrides[number] = _BufferOverride(pattern.encode(), kind)
    return overrides


def system_features() -> str:
    """Return what this build of llama.cpp uses, such as ``AVX2 = 1 | OPENMP = 1``."""
    text: bytes = api.llama_print_system_info()
    return text.decode("utf-8", "replace").strip(" |")


def build() -> str:
    """Return the version of llama.cpp: it may misread what another version wrote."""
    return str(llama_cpp.__version__)
