"""What a model can be run with: asked before the load; llama.cpp would abort or swap instead."""

from __future__ import annotations

import enum
from typing import Final

from leanwide.models.gguf import GgufHeader

EXPERTS_KEY: Final = "expert_used_count"
"""Metadata key, behind the architecture's name, of the active experts per token."""

_KV_SHARE: Final = 0.5
"""Most of the free memory that one lane's KV cache may take."""
_SMALLEST_CONTEXT: Final = 256


class ExpertWidth(enum.StrEnum):
    """An expert count by the model's own measure."""

    HALF = "half"
    """Half of the trained count, rounded up."""
    TRAINED = "trained"
    """The count the model was trained with."""


def wanted_experts(header: GgufHeader, wanted: int | ExpertWidth) -> int:
    """Give the number that ``wanted`` means for this model."""
    trained = header.number(EXPERTS_KEY)
    match wanted:
        case ExpertWidth.HALF:
            return (trained + 1) // 2
        case ExpertWidth.TRAINED:
            return trained
        case _:
            return wanted


def legal_experts(header: GgufHeader, wanted: int) -> tuple[int, str]:
    """Give the expert count to load with, and a sentence where it is not the wanted one.

    A dense model has one width only, so its count is 0 whatever is wanted.
    """
    most = header.number("expert_count")
    if most == 0:
        return 0, ""
    nearest = max(1, min(most, wanted))
    if nearest == wanted:
        return wanted, ""
    return nearest, f"{header.name} runs 1 to {most} experts: {nearest} serve instead of {wanted}"


def legal_context(
    header: GgufHeader, wanted: int, sequences: int, free_bytes: int
) -> tuple[int, str]:
    """Give the context of a lane in tokens, and a sentence where it is not the wanted one.

    Args:
        header: The model.
        wanted: Tokens of the longest sequence.
        sequences: How many of them the KV cache holds.
        free_bytes: Memory that is free for it.
    """
    trained = header.number("context_length") or wanted
    per_token = max(1, header.kv_bytes_per_token * sequences)
    fits = max(_SMALLEST_CONTEXT, int(free_bytes * _KV_SHARE) // per_token)
    nearest = min(wanted, trained, fits)
    if nearest == wanted:
        return wanted, ""
    if trained <= fits:
        return nearest, ""  # a fact about the model, which nobody can mend
    return nearest, f"there is memory for {nearest:,} tokens of context, not for {wanted:,}"
