"""What a token costs: the bytes that decoding reads and the operations of prefill. Pure.

A token uses every weight outside the experts, and the active experts of each layer. Decoding reads
them once per token, so memory bandwidth bounds it; the tokens of a prompt share what is read, so
prefill is bounded by operations. Only the last token of a prompt goes through what follows the
attention of the last layer.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from leanwide.models.gguf_header import GgufHeader, TensorInfo

EXPERTS: Final = "_exps."
"""Part of the name of a tensor with all experts of a layer."""
_EMBEDDING: Final = "token_embd.weight"
_OUTPUT: Final = "output.weight"


@frozen(kw_only=True)
class TokenCost:
    """The cost of one token in one model."""

    fixed_bytes: int
    """Bytes of weights that decoding reads with any expert count."""
    expert_bytes: float
    """Bytes of one expert in all layers; 0 for a dense model."""
    kv_bytes: int
    """Bytes of KV cache that decoding reads for each token of context."""
    fixed_weights: int
    """Weights that each token of a prompt is multiplied with, outside the experts."""
    expert_weights: float
    """The same for one expert in all layers."""
    attention_weights: int
    """Numbers of the KV cache that a token is multiplied with, for each token of context."""
    layers: int

    def decode_bytes(self, experts: int) -> float:
        """Return the bytes of weights that decoding one token reads."""
        return self.fixed_bytes + experts * self.expert_bytes

    def attention_flops(self, context_tokens: int) -> int:
        """Return the floating-point operations of attention to ``context_tokens`` tokens."""
        return 2 * context_tokens * self.attention_weights

    def fixed_flops(self) -> int:
        """Return the floating-point operations of prefill per token, outside the experts."""
        return 2 * self.fixed_weights

    def expert_flops(self, experts: int) -> float:
        """Return the same inside ``experts`` experts of each layer."""
        return 2 * experts * self.expert_weights


def token_cost(header: GgufHeader) -> TokenCost:
    """Return the cost of a token, from the model's header."""
    sizes = tensor_bytes(header)
    experts, layers = max(1, header.number("expert_count")), header.number("block_count")
    inside = [tensor for tensor in header.tensors if EXPERTS in tensor.name]
    outside = [tensor for tensor in header.tensors if EXPERTS not in tensor.name]
    names = {tensor.name for tensor in header.tensors}
    # One row of the embedding is read, unless it is the output layer as well.
    unread = _EMBEDDING if _OUTPUT in names else ""
    prefilled = [tensor for tensor in inside if _in_prefill(tensor, layers)]
    return TokenCost(
        fixed_bytes=sum(sizes[tensor.name] for tensor in outside if tensor.name != unread),
        expert_bytes=sum(sizes[tensor.name] for tensor in inside) / experts,
        kv_bytes=header.kv_bytes_per_token,
        fixed_weights=sum(tensor.elements for tensor in outside if _in_prefill(tensor, layers)),
        expert_weights=sum(tensor.elements for tensor in prefilled) / experts,
        attention_weights=header.number("attention.head_count")
        * sum(header.head_widths)
        * header.attention_layers,
        layers=layers,
    )


def _in_prefill(tensor: TensorInfo, layers: int) -> bool:
    """Whether all tokens of a prompt go through a tensor, not only the last one."""
    last = f"blk.{layers - 1}.ffn_"
    return tensor.name not in (_EMBEDDING, _OUTPUT) and not tensor.name.startswith(last)


def tensor_bytes(header: GgufHeader) -> dict[str, int]:
    """Return the bytes of each tensor; one of an unknown type reaches to the next tensor."""
    ordered = sorted(header.tensors, key=lambda tensor: tensor.offset)
    ends = [tensor.offset for tensor in ordered[1:]] + [header.file_bytes - header.data_start]
    return {
        tensor.name: end - tensor.offset if tensor.size_bytes is None else tensor.size_bytes
        for tensor, end in zip(ordered, ends, strict=True)
    }
