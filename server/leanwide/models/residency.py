"""How the weights of two lanes live in memory: decided from the machine and the model. Pure."""

from __future__ import annotations

import enum
from typing import Final

from attrs import frozen

_WEIGHTS_SHARE: Final = 0.75
"""Most of the memory that two copies of the weights may take."""


class Residency(enum.StrEnum):
    """How many handles on the weights there are."""

    SHARED = "shared"
    """Two, with an expert count each."""
    SWAP = "swap"
    """One at a time: the weights are loaded anew where the other number of experts is wanted."""
    SINGLE = "single"
    """One: both lanes run the same number of experts, each with a KV cache of its own."""


class ResidencySetting(enum.StrEnum):
    """What the user says about it."""

    AUTO = "auto"
    SHARED = "shared"
    SWAP = "swap"
    SINGLE = "single"


@frozen(kw_only=True)
class WeightSizes:
    """What decides it, as far as it is the model's or the user's."""

    size_bytes: int
    experts: int | None
    """Experts per layer; 0 for a dense model, None while the model is not known."""
    mapped: bool
    """The file is mapped and nothing is repacked, so that handles share their pages."""
    on_gpu: bool
    """Layers are kept in GPU memory, where every handle has a copy."""


@frozen
class ResidencyChoice:
    """A residency, and why."""

    residency: Residency
    reason: str
    """Without a full stop."""


def choose_residency(
    wish: ResidencySetting, weights: WeightSizes, memory_bytes: int
) -> ResidencyChoice:
    """Choose for a machine with so much memory."""
    if weights.experts == 0:
        return ResidencyChoice(Residency.SINGLE, "the model has no experts to choose from")
    if wish in (ResidencySetting.SINGLE, ResidencySetting.SWAP):
        return ResidencyChoice(Residency(wish), "machine.residency says so")
    if weights.mapped and not weights.on_gpu:
        return ResidencyChoice(Residency.SHARED, "both lanes map the same file")
    return _of_copies(wish, weights, memory_bytes)


def _of_copies(wish: ResidencySetting, weights: WeightSizes, memory_bytes: int) -> ResidencyChoice:
    """Choose where every handle has weights of its own."""
    if wish is ResidencySetting.SHARED:
        return ResidencyChoice(
            Residency.SHARED, "machine.residency says so; the weights are there twice"
        )
    if weights.on_gpu:
        return ResidencyChoice(Residency.SINGLE, "each handle would take GPU memory of its own")
    if 2 * weights.size_bytes <= _WEIGHTS_SHARE * memory_bytes:
        return ResidencyChoice(Residency.SHARED, "memory holds the weights twice")
    return ResidencyChoice(Residency.SINGLE, "memory does not hold the weights twice")
