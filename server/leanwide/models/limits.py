"""The limits of a lane's KV cache: beyond them llama.cpp would abort, or the machine swap."""

from __future__ import annotations

from typing import Final

from leanwide.models.gguf_header import GgufHeader
from leanwide.models.memory import KvType

_MAX_KV_SHARE: Final = 0.5
"""Largest share of the free memory for one lane's KV cache."""
_MIN_CONTEXT: Final = 256
_KV_BLOCK: Final = 32


def legal_kv_type(header: GgufHeader, wanted: KvType) -> tuple[KvType, str]:
    """Return the type of the KV cache, and a sentence if it is not the wanted one.

    llama.cpp quantises blocks of 32 numbers, within a head.
    """
    if wanted is KvType.F16 or all(width % _KV_BLOCK == 0 for width in header.head_widths):
        return wanted, ""
    notice = f"{header.name} has heads of another width than {wanted} needs: its KV cache is f16"
    return KvType.F16, notice


def legal_context(
    header: GgufHeader,
    wanted: int,
    sequences: int,
    free_bytes: int,
    kv_type: KvType = KvType.F16,
) -> tuple[int, str]:
    """Return the context of a lane in tokens, and a sentence if it is not the wanted one.

    Args:
        header: The model.
        wanted: Tokens of the longest sequence.
        sequences: Sequences in the KV cache.
        free_bytes: Free memory, where the KV cache is.
        kv_type: The type of the KV cache.
    """
    trained = header.number("context_length") or wanted
    per_token = max(1, kv_type.sized(header.kv_bytes_per_token * sequences))
    fits = max(_MIN_CONTEXT, int(free_bytes * _MAX_KV_SHARE) // per_token)
    nearest = min(wanted, trained, fits)
    if nearest == wanted:
        return wanted, ""
    if trained <= fits:
        return nearest, ""  # the model's own limit: the user can change nothing
    return nearest, f"there is memory for {nearest:,} tokens of context, not for {wanted:,}"
