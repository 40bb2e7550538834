"""The limits of a model, checked before the load: llama.cpp would abort, or the machine swap."""

from __future__ import annotations

import enum
from typing import Final

from leanwide.models.gguf_header import GgufHeader
from leanwide.models.memory import KvType

EXPERTS_KEY: Final = "expert_used_count"
"""Metadata key, after the architecture's name, of the active experts per token."""

_MAX_KV_SHARE: Final = 0.5
"""Largest share of the free memory for one lane's KV cache."""
_MIN_CONTEXT: Final = 256
_KV_BLOCK: Final = 32


class ExpertWidth(enum.StrEnum):
    """An expert count relative to the trained one."""

    HALF = "half"
    """Half of the trained count, rounded up."""
    TRAINED = "trained"
    """The count the model was trained with."""


def wanted_experts(header: GgufHeader, wanted: int | ExpertWidth) -> int:
    """Return ``wanted`` as a number for this model."""
    trained = header.number(EXPERTS_KEY)
    match wanted:
        case ExpertWidth.HALF:
            return (trained + 1) // 2
        case ExpertWidth.TRAINED:
            return trained
        case _:
            return wanted


def legal_experts(header: GgufHeader, wanted: int) -> tuple[int, str]:
    """Return the expert count to load with, and a sentence if it is not the wanted one.

    The count of a dense model is always 0.
    """
    most = header.number("expert_count")
    if most == 0:
        return 0, ""
    nearest = max(1, min(most, wanted))
    if nearest == wanted:
        return wanted, ""
    return nearest, f"{header.name} runs 1 to {most} experts: using {nearest} instead of {wanted}"


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
