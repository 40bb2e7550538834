"""How the weights of two lanes are kept in memory: chosen from the machine and the model. Pure."""

from __future__ import annotations

import enum
from typing import Final

from attrs import frozen

_MAX_WEIGHTS_SHARE: Final = 0.75
"""Largest share of the memory for two copies of the weights."""


class Residency(enum.StrEnum):
    """How many model handles there are."""

    SHARED = "shared"
    """Two, each with its expert count."""
    SWAP = "swap"
    """One at a time: the weights are loaded again to change the expert count."""
    SINGLE = "single"
    """One: both lanes have the same expert count, each has its own KV cache."""


class ResidencySetting(enum.StrEnum):
    """The setting ``machine.residency``."""

    AUTO = "auto"
    SHARED = "shared"
    SWAP = "swap"
    SINGLE = "single"


@frozen(kw_only=True)
class WeightSizes:
    """What decides the residency, from the model and the user's settings."""

    size_bytes: int
    experts: int | None
    """Experts per layer; 0 for a dense model, None while the model is unknown."""
    mapped: bool
    """The file is mapped and not repacked, so that handles share its pages."""


@frozen
class ResidencyChoice:
    """A residency and the reason for it."""

    residency: Residency
    reason: str
    """Without a full stop."""


def choose_residency(
    setting: ResidencySetting, weights: WeightSizes, memory_bytes: int
) -> ResidencyChoice:
    """Return the residency without a GPU, for a machine with ``memory_bytes`` of memory."""
    if weights.experts == 0:
        return ResidencyChoice(Residency.SINGLE, "the model has no experts to choose from")
    if setting in (ResidencySetting.SINGLE, ResidencySetting.SWAP):
        return ResidencyChoice(Residency(setting), "machine.residency says so")
    if weights.mapped:
        return ResidencyChoice(Residency.SHARED, "both lanes map the same file")
    return _choose_with_copies(setting, weights, memory_bytes)


def _choose_with_copies(
    setting: ResidencySetting, weights: WeightSizes, memory_bytes: int
) -> ResidencyChoice:
    """Choose where every handle has its own copy of the weights."""
    if setting is ResidencySetting.SHARED:
        return ResidencyChoice(
            Residency.SHARED, "machine.residency says so; the weights are there twice"
        )
    if 2 * weights.size_bytes <= _MAX_WEIGHTS_SHARE * memory_bytes:
        return ResidencyChoice(Residency.SHARED, "memory holds the weights twice")
    return ResidencyChoice(Residency.SINGLE, "memory does not hold the weights twice")
