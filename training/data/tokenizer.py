"""Byte-level BPE with Qwen2's pre-tokenizer pattern, which llama.cpp also has."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Final

import gguf
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from training.data.markers import SPECIAL

VOCABULARY: Final = 8192
QWEN2_PATTERN: Final = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}|"
    r" ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def learn(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Learn a vocabulary of ``vocabulary`` tokens, the special ones included."""
    tokenizer = _around(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=_special(),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def rebuilt(vocabulary: dict[str, int], merges: list[tuple[str, str]]) -> Tokenizer:
    """Return the tokenizer of a known vocabulary (token to id) and its merges, best first."""
    tokenizer = _around(models.BPE(vocabulary, merges))
    tokenizer.add_special_tokens(_special())
    return tokenizer


def from_gguf(path: Path) -> Tokenizer:
    """Rebuild the tokenizer of a GGUF from its vocabulary and merges."""
    fields = gguf.GGUFReader(path).fields
    tokens: list[str] = fields["tokenizer.ggml.tokens"].contents()
    merges: list[str] = fields["tokenizer.ggml.merges"].contents()
    vocabulary = {token: number for number, token in enumerate(tokens)}
    pairs = [(left, right) for left, right in (merge.split(" ") for merge in merges)]
    return rebuilt(vocabulary, pairs)


def load(path: Path) -> Tokenizer:
    """Read a tokenizer; ``encode_special_tokens`` makes it treat markers in text as text."""
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.encode_special_tokens = True
    return tokenizer


def _around(model: models.BPE) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(QWEN2_PATTERN), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def _special() -> list[AddedToken]:
    return [AddedToken(text, special=True, normalized=False) for text in SPECIAL]
