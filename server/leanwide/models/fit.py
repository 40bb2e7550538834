"""Whether a model fits this machine, and with which context lengths. Pure.

The weights are read for every token, so they must stay in memory: a larger model is read from disk
again and again. The memory left besides them limits the context of the lanes.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Final

import attrs
from attrs import frozen

from leanwide.models.cost import TokenCost, token_cost
from leanwide.models.gguf import GgufHeader
from leanwide.models.memory import LaneBytes, LaneShape, lane_bytes
from leanwide.models.speed import Rates, decode_tokens_per_s, prompt_tokens_per_s

_USABLE_SHARE: Final = 0.9
"""Largest share of the memory for a model: the system and the editor need some too."""
CACHED_BYTES: Final = 256_000_000
"""A smaller model is partly in the processor's caches; memory bandwidth does not predict it."""
_CONTEXT_STEP: Final = 256
"""Tokens; contexts are multiples of this, as llama.cpp rounds them."""


class Verdict(enum.StrEnum):
    """How well a model fits."""

    FITS = "fits"
    """Into the memory that is free now."""
    CROWDED = "crowded"
    """Into the memory, once other programs are closed."""
    STREAMS = "streams"
    """Not into the memory: it is read from disk for every token."""
    TOO_LARGE = "too large"
    """Not into the memory, and it cannot be read from disk: its weights are copied."""


@frozen(kw_only=True)
class Hardware:
    """What decides the fit on the machine's side."""

    memory_bytes: int
    free_bytes: int
    """Available now; the file cache counts as free."""
    gpu_bytes: int
    """Memory of its GPUs; 0 if there are none, or llama.cpp does not use them."""

    @property
    def usable_bytes(self) -> int:
        """Most memory for a model."""
        return int(_USABLE_SHARE * self.memory_bytes)


@frozen(kw_only=True)
class Load:
    """How the weights are loaded."""

    copies: int
    """Copies of the weights in memory."""
    mapped: bool
    """They are mapped from the file, and read again from there where memory is short."""
    gpu_layers: int
    """Layers in GPU memory; -1 is all."""


@frozen(kw_only=True)
class LaneFit:
    """A lane on this machine."""

    name: str
    shape: LaneShape
    """The wanted shape, with a shorter context where memory is short."""
    wanted_tokens: int
    """The wanted context."""
    bytes: LaneBytes
    decode_tokens_per_s: float | None = None
    """After half of its context; None if not measured, or with layers on a GPU."""
    prompt_tokens_per_s: float | None = None


@frozen(kw_only=True)
class Fit:
    """A model on this machine."""

    verdict: Verdict
    weights_bytes: int
    """In memory; twice the file where each lane has a copy."""
    on_gpu_bytes: int
    """The part of the weights in GPU memory."""
    lanes: tuple[LaneFit, ...]
    cost: TokenCost

    @property
    def needed_bytes(self) -> int:
        """Memory of weights and lanes together."""
        return self.weights_bytes + sum(lane.bytes.total for lane in self.lanes)


def plan(header: GgufHeader, load: Load, machine: Hardware, lanes: Mapping[str, LaneShape]) -> Fit:
    """Return how a model fits with the wanted lanes, the most important lane first."""
    weights = load.copies * header.file_bytes
    on_gpu = round(weights * _gpu_share(header, load.gpu_layers))
    spare = machine.usable_bytes - (weights - on_gpu)
    # Lanes are where the layers are; a GPU of unknown memory is assumed to have enough.
    room = machine.gpu_bytes - on_gpu if on_gpu and machine.gpu_bytes else spare
    found = _fit_lanes(header, lanes, room)
    taken = sum(lane.bytes.total for lane in found)
    if spare < 0 or taken > room:
        verdict = Verdict.TOO_LARGE if on_gpu or not load.mapped else Verdict.STREAMS
        found = _fit_lanes(header, lanes, machine.usable_bytes)  # lanes displace weights
    elif weights - on_gpu + (0 if on_gpu else taken) > machine.free_bytes:
        verdict = Verdict.CROWDED
    else:
        verdict = Verdict.FITS
    return Fit(
        verdict=verdict,
        weights_bytes=weights,
        on_gpu_bytes=on_gpu,
        lanes=found,
        cost=token_cost(header),
    )


def with_speed(fit: Fit, rates: Mapping[str, Rates]) -> Fit:
    """Return the fit with the speed of each lane that has rates.

    No speed is predicted for a model that streams, where the disk decides, or for one on a GPU,
    where the rates of the CPU do not apply.
    """
    if fit.on_gpu_bytes or fit.verdict in (Verdict.STREAMS, Verdict.TOO_LARGE):
        return fit
    return attrs.evolve(
        fit,
        lanes=tuple(
            _timed(fit.cost, lane, rates[lane.name]) if lane.name in rates else lane
            for lane in fit.lanes
        ),
    )


def _timed(cost: TokenCost, lane: LaneFit, rates: Rates) -> LaneFit:
    experts, context = lane.shape.experts, lane.shape.context_tokens // 2
    return attrs.evolve(
        lane,
        decode_tokens_per_s=decode_tokens_per_s(cost, rates, experts, context),
        prompt_tokens_per_s=prompt_tokens_per_s(cost, rates, experts, context),
    )


def _fit_lanes(
    header: GgufHeader, wanted: Mapping[str, LaneShape], room: int
) -> tuple[LaneFit, ...]:
    """Return each lane with the longest context that leaves the next lanes their shortest."""
    shortest = {name: lane_bytes(header, _shortest(shape)).total for name, shape in wanted.items()}
    found = []
    for name, shape in wanted.items():
        later = sum(size for other, size in shortest.items() if other != name)
        fitting = _longest(header, shape, room - later)
        size = lane_bytes(header, fitting)
        wanted_tokens = shape.context_tokens
        found.append(LaneFit(name=name, shape=fitting, wanted_tokens=wanted_tokens, bytes=size))
        room, shortest[name] = room - size.total, 0
    return tuple(found)


def _shortest(shape: LaneShape) -> LaneShape:
    return attrs.evolve(shape, context_tokens=min(_CONTEXT_STEP, shape.context_tokens))


def _longest(header: GgufHeader, shape: LaneShape, room: int) -> LaneShape:
    """Return the shape with the longest context, up to its own, that fits into ``room`` bytes."""
    if lane_bytes(header, shape).total <= room:
        return shape
    fits, fails = 1, -(-shape.context_tokens // _CONTEXT_STEP)
    while fails - fits > 1:
        middle = (fits + fails) // 2
        longer = attrs.evolve(shape, context_tokens=middle * _CONTEXT_STEP)
        if lane_bytes(header, longer).total <= room:
            fits = middle
        else:
            fails = middle
    return attrs.evolve(shape, context_tokens=min(fits * _CONTEXT_STEP, shape.context_tokens))


def _gpu_share(header: GgufHeader, gpu_layers: int) -> float:
    """Return the share of the weights in GPU memory; the output counts as a layer."""
    layers = header.number("block_count") + 1
    return 1.0 if gpu_layers < 0 else min(1.0, gpu_layers / layers)
