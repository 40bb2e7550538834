"""A small evaluation runner on llama.cpp's low-level API: score and complete, greedily."""

from __future__ import annotations

import ctypes
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import numpy as np
from llama_cpp import llama_cpp

from training.data.markers import END_OF_TEXT, ID, IM_END
from training.measure import greedy

EXPERTS_KEY: Final = b"qwen3moe.expert_used_count"
BATCH: Final = 2048


@dataclass(frozen=True, slots=True)
class Completion:
    """The text, its tokens, whether the model stopped by itself, and the seconds it took.

    ``nll`` is the mean negative log probability, in nats per token, of the true continuation and
    the end token.
    """

    text: str
    tokens: list[int]
    stopped: bool
    seconds: float
    nll: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """How to load a model: active experts, tokens of context, threads, precision of attention."""

    experts: int
    context: int
    threads: int
    precision: Precision


@dataclass(frozen=True, slots=True)
class Precision:
    """The ggml type of the cache, and llama.cpp's flash attention setting."""

    cache: int
    flash_attention: int


SERVED: Final = Precision(llama_cpp.GGML_TYPE_F16, llama_cpp.LLAMA_FLASH_ATTN_TYPE_AUTO)
"""As the server runs it."""
EXACT: Final = Precision(llama_cpp.GGML_TYPE_F32, llama_cpp.LLAMA_FLASH_ATTN_TYPE_DISABLED)
"""Float32 all through: flash attention on the CPU rounds, and a rounding can tip a router."""


class Runner:
    """One model file loaded at one expert count. Close it after use."""

    def __init__(self, model: Path, load: Load) -> None:
        llama_cpp.llama_log_set(_SILENT, ctypes.c_void_p())
        context, threads = load.context, load.threads
        self._model = llama_cpp.llama_model_load_from_file(
            str(model).encode(), _model_parameters(load.experts)
        )
        if not self._model:
            raise OSError(f"llama.cpp cannot load {model}")
        parameters = llama_cpp.llama_context_default_params()
        parameters.n_ctx = context
        parameters.n_batch = parameters.n_ubatch = min(BATCH, context)
        parameters.n_threads = parameters.n_threads_batch = threads
        parameters.type_k = parameters.type_v = load.precision.cache
        parameters.flash_attn_type = load.precision.flash_attention
        self._context = llama_cpp.llama_init_from_model(self._model, parameters)
        self._vocabulary = llama_cpp.llama_model_get_vocab(self._model)
        self.size = llama_cpp.llama_vocab_n_tokens(self._vocabulary)
        self.pieces = [self._piece(token) for token in range(self.size)]
        self.ends = frozenset({ID[END_OF_TEXT], ID[IM_END]})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        llama_cpp.llama_free(self._context)
        llama_cpp.llama_model_free(self._model)

    def encode(self, text: str) -> list[int]:
        """Tokenize plain text; markers in it stay text."""
        data = text.encode()
        room = len(data) + 8
        tokens = (llama_cpp.llama_token * room)()
        count = llama_cpp.llama_tokenize(
            self._vocabulary, data, len(data), tokens, room, False, False
        )
        return list(tokens[:count])

    def logits(self, tokens: Sequence[int], first: int) -> np.ndarray:
        """Evaluate tokens from scratch; return the logits from position ``first`` on."""
        self._forget(0)
        self._decode(tokens, 0, range(first, len(tokens)))
        return self._rows(len(tokens) - first)

    def complete(self, prompt: Sequence[int], typed: str, truth: str, most: int) -> Completion:
        """Continue ``prompt`` and ``typed`` greedily by at most ``most`` tokens; score ``truth``.

        The last typed token is removed, and the first new tokens must spell it (token healing).
        """
        begun = self.encode(typed)
        owed = self.pieces[begun[-1]] if begun else b""
        opening = self.logits(prompt, len(prompt) - 1)
        nll = self._nll(opening, len(prompt), self.encode(typed + truth), len(begun) - 1)
        self._forget(len(prompt))
        first: np.ndarray = self._following(opening, len(prompt), begun[:-1])[-1]
        started = time.perf_counter()
        place = len(prompt) + len(begun[:-1])

        def step(token: int | None) -> np.ndarray:
            nonlocal place
            if token is None:
                return first
            self._decode([token], place, [0])
            place += 1
            row: np.ndarray = self._rows(1)[0]
            return row

        decoded = greedy.decode(step, self.pieces, self.ends, owed, most)
        seconds = time.perf_counter() - started
        text = greedy.text_after(self.pieces, decoded.tokens, owed)
        return Completion(text, decoded.tokens, decoded.stopped, seconds, nll)

    def sample(
        self, prompt: Sequence[int], count: int, temperature: float, random: np.random.Generator
    ) -> list[int]:
        """Sample exactly ``count`` tokens after a prompt, none of them an end token."""
        row = self.logits(prompt, len(prompt) - 1)[0]
        made: list[int] = []
        while len(made) < count:
            row[list(self.ends)] = -np.inf
            chance = np.exp(log_softmax(row / temperature))
            made.append(int(random.choice(len(row), p=chance / chance.sum())))
            self._decode(made[-1:], len(prompt) + len(made) - 1, [0])
            row = self._rows(1)[0]
        return made

    def _nll(self, opening: np.ndarray, place: int, middle: list[int], first: int) -> float:
        """Return the NLL of a middle from its token ``first`` on, with an end token after it."""
        first = max(0, min(first, len(middle)))
        rows = log_softmax(self._following(opening, place, middle)[first:])
        asked = [*middle[first:], ID[END_OF_TEXT]]
        return -float(rows[np.arange(len(asked)), asked].mean())

    def _following(self, opening: np.ndarray, place: int, tokens: list[int]) -> np.ndarray:
        """Evaluate tokens from position ``place`` on; return ``opening`` and their logits."""
        if not tokens:
            return opening
        self._decode(tokens, place, range(len(tokens)))
        return np.concatenate((opening, self._rows(len(tokens))))

    def _rows(self, count: int) -> np.ndarray:
        pointer = llama_cpp.llama_get_logits(self._context)
        rows: np.ndarray = np.ctypeslib.as_array(pointer, shape=(count, self.size))
        return rows.copy()

    def _forget(self, first: int) -> None:
        """Remove the KV cache from position ``first`` on."""
        memory = llama_cpp.llama_get_memory(self._context)
        llama_cpp.llama_memory_seq_rm(memory, -1, first, -1)

    def _decode(self, tokens: Sequence[int], start: int, wanted: Sequence[int]) -> None:
        batch = llama_cpp.llama_batch_init(len(tokens), 0, 1)
        for place, token in enumerate(tokens):
            batch.token[place] = token
            batch.pos[place] = start + place
            batch.n_seq_id[place] = 1
            batch.seq_id[place][0] = 0
            batch.logits[place] = place in wanted
        batch.n_tokens = len(tokens)
        failed = llama_cpp.llama_decode(self._context, batch)
        llama_cpp.llama_batch_free(batch)
        if failed:
            raise RuntimeError(f"llama_decode failed with {failed}")

    def _piece(self, token: int) -> bytes:
        room = ctypes.create_string_buffer(256)
        count = llama_cpp.llama_token_to_piece(self._vocabulary, token, room, 256, 0, False)
        return room.raw[: max(0, count)]


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Turn rows of logits into rows of log probabilities."""
    shifted: np.ndarray = logits - logits.max(axis=-1, keepdims=True)
    scores: np.ndarray = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return scores


def _model_parameters(experts: int) -> llama_cpp.llama_model_params:
    parameters = llama_cpp.llama_model_default_params()
    overrides = (llama_cpp.llama_model_kv_override * 2)()
    overrides[0].tag = llama_cpp.LLAMA_KV_OVERRIDE_TYPE_INT
    overrides[0].key = EXPERTS_KEY
    overrides[0].value.val_i64 = experts
    overrides[1].key = b""
    parameters.kv_overrides = overrides
    parameters.use_extra_bufts = False
    parameters.n_gpu_layers = 0
    return parameters


@llama_cpp.llama_log_callback  # type: ignore[untyped-decorator]
def _SILENT(_level: int, _text: bytes, _data: object) -> None:  # noqa: N802
    """Swallow llama.cpp's log."""
