"""llama.cpp's names of the weights that need no change of shape."""

from __future__ import annotations

from typing import Final

LAYER_NAMES: Final = {
    "attention_norm.weight": "attn_norm",
    "attention.query.weight": "attn_q",
    "attention.key.weight": "attn_k",
    "attention.value.weight": "attn_v",
    "attention.output.weight": "attn_output",
    "attention.query_norm.weight": "attn_q_norm",
    "attention.key_norm.weight": "attn_k_norm",
    "expert_norm.weight": "ffn_norm",
    "experts.router.weight": "ffn_gate_inp",
}
