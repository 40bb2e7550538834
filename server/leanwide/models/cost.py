"""What a token costs: bytes that decoding reads, and work that reading a prompt does. Pure.

A token runs through every weight outside the experts, and through as many experts of each layer as
are active. Decoding one token reads them once, so the memory's speed bounds it; a prompt's tokens
share what they read, so its work counts. llama.cpp takes the last token only through what follows
the attention of the last layer.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from leanwide.models.gguf import GgufHeader, TensorInfo

_EXPERTS: Final = "_exps."
"""In the name of a tensor that holds all experts of a layer."""
_EMBEDDING: Final = "token_embd.weight"
_OUTPUT: Final = "output.weight"


@frozen(kw_only=True)
class TokenCost:
    """What one token costs in one model."""

    fixed_bytes: int
    """Weights that decoding reads whatever the expert count."""
    expert_bytes: float
    """Weights of one expert in all layers; 0 for a dense model."""
    kv_bytes: int
    """KV cache that decoding reads for each token of context."""
    fixed_weights: int
    """Weights that each token of a prompt is multiplied with."""
    expert_weights: float
    """The same for one expert in all layers."""
    attention_weights: int
    """Numbers of the KV cache that a token is multiplied with for each token of context."""
    layers: int

    def decode_bytes(self, experts: int) -> float:
        """Weights that decoding a token reads, in bytes."""
        return self.fixed_bytes + experts * self.expert_bytes

    def attention_flops(self, context_tokens: int) -> int:
        """Floating-point operations of a token with so many tokens before it."""
        return 2 * context_tokens * self.attention_weights

    def fixed_flops(self) -> int:
        """Floating-point operations outside the experts for a token of a prompt."""
        return 2 * self.fixed_weights

    def expert_flops(self, experts: int) -> float:
        """The same inside so many experts of each layer."""
        return 2 * experts * self.expert_weights


def token_cost(header: GgufHeader) -> TokenCost:
    """Tell from the header what a token costs."""
    sizes = _sizes(header)
    experts, layers = max(1, header.number("expert_count")), header.number("block_count")
    inside = [tensor for tensor in header.tensors if _EXPERTS in tensor.name]
    outside = [tensor for tensor in header.tensors if _EXPERTS not in tensor.name]
    names = {tensor.name for tensor in header.tensors}
    # Of the embedding one row is read, unless it is the output layer as well.
    idle = _EMBEDDING if _OUTPUT in names else ""
    return TokenCost(
        fixed_bytes=sum(sizes[each.name] for each in outside if each.name != idle),
        expert_bytes=sum(sizes[each.name] for each in inside) / experts,
        kv_bytes=header.kv_bytes_per_token,
        fixed_weights=sum(each.elements for each in outside if _in_prompts(each, layers)),
        expert_weights=sum(each.elements for each in inside if _in_prompts(each, layers)) / experts,
        attention_weights=_query_width(header) * layers,
        layers=layers,
    )


def _query_width(header: GgufHeader) -> int:
    """Keys and values that all heads of a layer meet at one token of context."""
    heads, hidden = header.number("attention.head_count"), header.number("embedding_length")
    width = hidden // max(1, heads)
    keys = header.number("attention.key_length") or width
    values = header.number("attention.value_length") or width
    return heads * (keys + values)


def _in_prompts(tensor: TensorInfo, layers: int) -> bool:
    """Whether all tokens of a prompt go through it, not the last one only."""
    last = f"blk.{layers - 1}.ffn_"
    return tensor.name not in (_EMBEDDING, _OUTPUT) and not tensor.name.startswith(last)


def _sizes(header: GgufHeader) -> dict[str, int]:
    """Bytes of each tensor; of an unknown type up to where the next one begins."""
    ordered = sorted(header.tensors, key=lambda tensor: tensor.offset)
    ends = [each.offset for each in ordered[1:]] + [header.file_bytes - header.data_start]
    return {each.name: _size(each, end) for each, end in zip(ordered, ends, strict=True)}


def _size(tensor: TensorInfo, end: int) -> int:
    return end - tensor.offset if tensor.size_bytes is None else tensor.size_bytes
