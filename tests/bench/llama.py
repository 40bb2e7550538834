"""llama.cpp through its low-level API, with what tests need of it."""

from __future__ import annotations

import contextlib
import ctypes
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import llama_cpp
import llama_cpp.llama_cpp as api
import numpy as np
from attrs import frozen
from llama_cpp._ctypes_extensions import load_shared_library

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray


_GGML = load_shared_library("ggml-base", Path(llama_cpp.__file__).parent / "lib")
_GGML.ggml_get_name.argtypes = _GGML.ggml_nbytes.argtypes = [ctypes.c_void_p]
_GGML.ggml_get_name.restype = ctypes.c_char_p
_GGML.ggml_nbytes.restype = ctypes.c_size_t
_GGML.ggml_backend_tensor_get.argtypes = [
    ctypes.c_void_p,
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_size_t,
]


@api.llama_log_callback
def _quiet(_level, _text, _data):
    pass


class LoadError(Exception):
    """llama.cpp does not load the file."""


@frozen
class Model:
    handle: object
    vocab: object

    @property
    def vocabulary_size(self) -> int:
        return int(api.llama_vocab_n_tokens(self.vocab))

    def tokens(self, text: str, *, special: bool = False) -> list[int]:
        data = text.encode()
        most = len(data) + 8
        found = (api.llama_token * most)()
        count = api.llama_tokenize(self.vocab, data, len(data), found, most, False, special)
        return list(found[:count])

    def text(self, tokens: Sequence[int]) -> str:
        given = (api.llama_token * len(tokens))(*tokens)
        most = 64 * len(tokens) + 8
        buffer = ctypes.create_string_buffer(most)
        size = api.llama_detokenize(self.vocab, given, len(tokens), buffer, most, False, True)
        return buffer.raw[:size].decode()

    def routing(self, tokens: Sequence[int], experts: int) -> list[NDArray[np.float32]]:
        """Return each layer's router probabilities: a row for each token, a column for each expert.

        The last layer has one row: llama.cpp leaves out tokens whose logits are not requested.
        """
        layers: list[NDArray[np.float32]] = []

        def observe(tensor, asking, _data):
            wanted = re.fullmatch(rb"ffn_moe_probs-\d+", _GGML.ggml_get_name(tensor))
            if wanted and not asking:
                found = np.empty(_GGML.ggml_nbytes(tensor) // 4, np.float32)
                _GGML.ggml_backend_tensor_get(tensor, found.ctypes.data, 0, found.nbytes)
                layers.append(found.reshape(-1, experts))
            return bool(wanted) or not asking

        self.logits(tokens, observe)
        return layers

    def logits(
        self, tokens: Sequence[int], observe: Callable[[Any, bool, Any], bool] | None = None
    ) -> NDArray[np.float32]:
        """Return the logits behind the tokens, from a context of its own."""
        params = api.llama_context_default_params()
        if observe:
            params.cb_eval = api.ggml_backend_sched_eval_callback(observe)
        params.n_ctx, params.n_threads, params.n_threads_batch = 256, 1, 1
        context = api.llama_init_from_model(self.handle, params)
        try:
            given = (api.llama_token * len(tokens))(*tokens)
            assert api.llama_decode(context, api.llama_batch_get_one(given, len(tokens))) == 0
            last = api.llama_get_logits_ith(context, -1)
            return np.ctypeslib.as_array(last, (self.vocabulary_size,)).copy()
        finally:
            api.llama_free(context)


@contextlib.contextmanager
def loaded(path: Path, experts: int | None = None) -> Iterator[Model]:
    """Load a model.

    Raises:
        LoadError: llama.cpp does not load the file.
    """
    api.llama_log_set(_quiet, None)
    params = api.llama_model_default_params()
    params.load_mode = api.LLAMA_LOAD_MODE_MMAP
    params.use_extra_bufts = False
    overrides = (api.llama_model_kv_override * 2)()
    if experts is not None:
        overrides[0].tag = api.LLAMA_KV_OVERRIDE_TYPE_INT
        overrides[0].key = b"qwen3moe.expert_used_count"
        overrides[0].value.val_i64 = experts
        params.kv_overrides = overrides
    handle = api.llama_model_load_from_file(str(path).encode(), params)
    if not handle:
        raise LoadError(path)
    try:
        yield Model(handle, api.llama_model_get_vocab(handle))
    finally:
        api.llama_model_free(handle)
