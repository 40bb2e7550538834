"""The header of a GGUF file: what it says of a model, and what follows from that. Pure."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Final

from attrs import frozen

Scalar = int | float | bool | str

_RECURRENT: Final = (".ssm_conv1d.weight", ".shortconv.conv.weight")
"""Ends of the names of tensors that only a recurrent layer has."""


@frozen
class TensorInfo:
    """One tensor, as the header describes it."""

    name: str
    elements: int
    size_bytes: int | None
    """None for an unknown ggml type."""
    offset: int
    """From the start of the data section, in bytes."""
    kind: int
    """The number of the ggml type."""
    width: int
    """Weights in a row."""


@frozen(kw_only=True)
class GgufHeader:
    """The header of a GGUF file."""

    path: Path
    file_bytes: int
    metadata: dict[str, Scalar]
    """Scalar values; of an array only the length, under ``<key>.length``."""
    tensors: tuple[TensorInfo, ...]
    data_start: int
    """Offset of the weights in the file, in bytes."""
    fim: bool = False
    """Whether the vocabulary has a FIM prefix token."""
    languages: tuple[str, ...] = ()
    """Languages that the model was trained for, from ``leanwide.languages``."""

    @property
    def architecture(self) -> str:
        """llama.cpp's name of the architecture, such as ``qwen3moe``; "" if missing."""
        return str(self.metadata.get("general.architecture", ""))

    @property
    def name(self) -> str:
        """The model's own name, or else the file's."""
        return str(self.metadata.get("general.name") or self.path.stem)

    @property
    def chat_template(self) -> str | None:
        """The model's own Jinja template, untrusted text; None if the file has none."""
        template = self.metadata.get("tokenizer.chat_template")
        return template if isinstance(template, str) else None

    def number(self, key: str) -> int:
        """Return the architecture's number ``key``, such as ``expert_count``; 0 if absent."""
        value = self.metadata.get(f"{self.architecture}.{key}", 0)
        return int(value) if isinstance(value, int | float) and math.isfinite(value) else 0

    @property
    def kv_bytes_per_token(self) -> int:
        """Bytes of one token in an f16 KV cache, over all layers with attention."""
        if self.recurrent_layers:
            rows = (".attn_k.weight", ".attn_v.weight")
            found = (tensor for tensor in self.tensors if tensor.name.endswith(rows))
            return sum(2 * tensor.elements // max(1, tensor.width) for tensor in found)
        kv_heads = self.number("attention.head_count_kv") or self.number("attention.head_count")
        return 2 * kv_heads * sum(self.head_widths) * self.number("block_count")

    @property
    def head_widths(self) -> tuple[int, int]:
        """Numbers of a key and of a value, for one head and one token."""
        heads = self.number("attention.head_count")
        width = self.number("embedding_length") // heads if heads else 0
        keys = self.number("attention.key_length") or width
        return keys, self.number("attention.value_length") or width

    @property
    def attention_layers(self) -> int:
        """Layers with attention: all of them, but for models that have recurrent ones as well."""
        if not self.recurrent_layers:
            return self.number("block_count")
        return sum(tensor.name.endswith(".attn_k.weight") for tensor in self.tensors)

    @property
    def recurrent_layers(self) -> int:
        """Layers that keep one state for all tokens of a sequence."""
        return sum(tensor.name.endswith(_RECURRENT) for tensor in self.tensors)

    @property
    def state_bytes(self) -> int:
        """Bytes of the recurrent state of one sequence, in f32."""
        state, inner = self.number("ssm.state_size"), self.number("ssm.inner_size")
        if kernel := self.number("shortconv.l_cache"):
            values = (kernel - 1) * self.number("embedding_length")
        else:
            mixed = inner + 2 * self.number("ssm.group_count") * state
            values = max(0, self.number("ssm.conv_kernel") - 1) * mixed + state * inner
        return 4 * self.recurrent_layers * values
