"""How many experts of a model run for a token: as set for the lane, within what the model has.

llama.cpp takes the number at the load, so a lane has one, and a request uses that of its lane.
"""

from __future__ import annotations

import enum
from typing import Final

from leanwide.models.gguf_header import GgufHeader

EXPERTS_KEY: Final = "expert_used_count"
"""Metadata key, after the architecture's name, of the active experts per token."""


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
