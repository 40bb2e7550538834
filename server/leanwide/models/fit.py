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
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.memory import LaneBytes, LaneShape, lane_bytes
from leanwide.models.placement import Placement, layer_bytes
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
    gpu_bytes: int | None
    """Memory of its GPUs that a model may take; None if llama.cpp uses none, 0 if unknown."""

    @property
    def usable_bytes(self) -> int:
        """Most memory for a model."""
        return int(_USABLE_SHARE * self.memory_bytes)

    def besides(self, fit: Fit) -> Hardware:
        """Return what a model leaves for another one."""
        gpu = self.gpu_bytes
        return attrs.evolve(
            self,
            memory_bytes=max(0, self.memory_bytes - fit.memory_bytes),
            free_bytes=max(0, self.free_bytes - fit.memory_bytes),
            gpu_bytes=max(1, gpu - fit.gpu_bytes) if gpu else gpu,
        )


@frozen(kw_only=True)
class Load:
    """How the weights are loaded."""

    handles: int
    """Handles on the weights; each has a copy of those on a GPU, and of those not mapped."""
    mapped: bool
    """They are mapped from the file, and read again from there where memory is short."""
    placement: Placement


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
    load: Load
    weights_bytes: int
    """In memory; twice the file where each lane has a copy."""
    on_gpu_bytes: int
    """The part of the weights in GPU memory, of all handles together."""
    lanes: tuple[LaneFit, ...]
    cost: TokenCost

    @property
    def needed_bytes(self) -> int:
        """Memory of weights and lanes together."""
        return self.weights_bytes + sum(lane.bytes.total for lane in self.lanes)

    @property
    def gpu_bytes(self) -> int:
        """GPU memory of weights and lanes together; lanes are where the layers are."""
        return self.needed_bytes - self.memory_bytes

    @property
    def memory_bytes(self) -> int:
        """The machine's own memory of weights and lanes together."""
        if self.on_gpu_bytes:
            return self.weights_bytes - self.on_gpu_bytes
        return self.needed_bytes


def plan(header: GgufHeader, load: Load, machine: Hardware, lanes: Mapping[str, LaneShape]) -> Fit:
    """Return how a model fits with the wanted lanes, the most important lane first."""
    once = layer_bytes(header).on_gpu(load.placement)
    on_gpu = load.handles * once
    inside = (1 if load.mapped else load.handles) * max(0, header.file_bytes - once)
    spare = machine.usable_bytes - inside
    # Lanes are where the layers are; a GPU of unknown memory is assumed to have enough.
    room = machine.gpu_bytes - on_gpu if on_gpu and machine.gpu_bytes else spare
    found = _fit_lanes(header, lanes, room)
    taken = sum(lane.bytes.total for lane in found)
    if taken > room and on_gpu:
        verdict = Verdict.TOO_LARGE
    elif spare < 0 or taken > room:
        verdict = Verdict.STREAMS if load.mapped else Verdict.TOO_LARGE
        if not on_gpu:
            found = _fit_lanes(header, lanes, machine.usable_bytes)  # lanes displace weights
    elif inside + (0 if on_gpu else taken) > machine.free_bytes:
        verdict = Verdict.CROWDED
    else:
        verdict = Verdict.FITS
    return Fit(
        verdict=verdict,
        load=load,
        weights_bytes=inside + on_gpu,
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
