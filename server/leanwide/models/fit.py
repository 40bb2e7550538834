"""Does a model fit this machine, and in which shape. Pure.

The weights are read for every token, so they must stay in memory: a model that is larger than that
is read from disk again and again. What a lane takes beside them decides which context it gets.
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
"""Most of the memory that a model may take: the system and the editor live there too."""
CACHED_BYTES: Final = 256_000_000
"""A smaller model is partly in the processor's caches, of which the memory's rate says nothing."""
_CONTEXT_STEP: Final = 256
"""Contexts are chosen in steps of so many tokens; llama.cpp rounds to them as well."""


class Verdict(enum.StrEnum):
    """How well a model fits."""

    FITS = "fits"
    """Into what is free now."""
    CROWDED = "crowded"
    """Into the memory, once something else is closed."""
    STREAMS = "streams"
    """Not into the memory: it is read from disk for every token."""
    TOO_LARGE = "too large"
    """Not at all, as it is loaded: the weights are copied, and there is no room for them."""


@frozen(kw_only=True)
class Hardware:
    """What decides the fit, as far as it is the machine's."""

    memory_bytes: int
    free_bytes: int
    """What can be had now; pages of files that can be read again count as free."""
    gpu_bytes: int
    """Memory of its GPUs; 0 where there is none, or llama.cpp does not use it."""

    @property
    def usable_bytes(self) -> int:
        """Most that a model may take."""
        return int(_USABLE_SHARE * self.memory_bytes)


@frozen(kw_only=True)
class Load:
    """How the weights are loaded."""

    copies: int
    """How many of them there are in memory."""
    mapped: bool
    """They stay in the file, from which the system reads them again where memory is short."""
    gpu_layers: int
    """Layers in GPU memory; -1 is all."""


@frozen(kw_only=True)
class LaneFit:
    """A lane on this machine."""

    name: str
    shape: LaneShape
    """As it was asked for, with the longest context up to that for which memory is left."""
    wanted_tokens: int
    """The context that was asked for."""
    bytes: LaneBytes
    decode_tokens_per_s: float | None = None
    """Behind half of its context; None where nobody measured, or layers are on a GPU."""
    prompt_tokens_per_s: float | None = None


@frozen(kw_only=True)
class Fit:
    """A model on this machine."""

    verdict: Verdict
    weights_bytes: int
    """In memory; twice the file where each lane has a copy."""
    on_gpu_bytes: int
    """Of them in GPU memory."""
    lanes: tuple[LaneFit, ...]
    cost: TokenCost

    @property
    def needed_bytes(self) -> int:
        """Weights and lanes."""
        return self.weights_bytes + sum(lane.bytes.total for lane in self.lanes)


def plan(header: GgufHeader, load: Load, machine: Hardware, lanes: Mapping[str, LaneShape]) -> Fit:
    """Say how a model fits; ``lanes`` are wanted, the first of them most."""
    weights = load.copies * header.file_bytes
    on_gpu = round(weights * _gpu_share(header, load.gpu_layers))
    spare = machine.usable_bytes - (weights - on_gpu)
    # Lanes live where the layers are; a GPU that does not say its memory is trusted to have it.
    room = machine.gpu_bytes - on_gpu if on_gpu and machine.gpu_bytes else spare
    found = _lanes(header, lanes, room)
    taken = sum(lane.bytes.total for lane in found)
    if spare < 0 or taken > room:
        verdict = Verdict.TOO_LARGE if on_gpu or not load.mapped else Verdict.STREAMS
        found = _lanes(header, lanes, machine.usable_bytes)  # the weights give way to them
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
    """Add what each lane's rates say of its speed.

    A model that streams has none, the disk decides; nor has one on a GPU, the rates are the CPU's.
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
    experts, behind = lane.shape.experts, lane.shape.context_tokens // 2
    return attrs.evolve(
        lane,
        decode_tokens_per_s=decode_tokens_per_s(cost, rates, experts, behind),
        prompt_tokens_per_s=prompt_tokens_per_s(cost, rates, experts, behind),
    )


def _lanes(header: GgufHeader, wanted: Mapping[str, LaneShape], room: int) -> tuple[LaneFit, ...]:
    """Give each lane the longest context that leaves the next ones their shortest."""
    shortest = {name: lane_bytes(header, _least(shape)).total for name, shape in wanted.items()}
    found = []
    for name, shape in wanted.items():
        later = sum(size for other, size in shortest.items() if other != name)
        fitting = _longest(header, shape, room - later)
        size = lane_bytes(header, fitting)
        wanted_tokens = shape.context_tokens
        found.append(LaneFit(name=name, shape=fitting, wanted_tokens=wanted_tokens, bytes=size))
        room, shortest[name] = room - size.total, 0
    return tuple(found)


def _least(shape: LaneShape) -> LaneShape:
    return attrs.evolve(shape, context_tokens=min(_CONTEXT_STEP, shape.context_tokens))


def _longest(header: GgufHeader, shape: LaneShape, room: int) -> LaneShape:
    """The lane with the longest context up to its own that takes no more than ``room`` bytes."""
    if lane_bytes(header, shape).total <= room:
        return shape
    good, bad = 1, -(-shape.context_tokens // _CONTEXT_STEP)
    while bad - good > 1:
        middle = (good + bad) // 2
        longer = attrs.evolve(shape, context_tokens=middle * _CONTEXT_STEP)
        good, bad = (middle, bad) if lane_bytes(header, longer).total <= room else (good, middle)
    return attrs.evolve(shape, context_tokens=min(good * _CONTEXT_STEP, shape.context_tokens))


def _gpu_share(header: GgufHeader, gpu_layers: int) -> float:
    """Share of the weights in GPU memory; the output counts as a layer."""
    layers = header.number("block_count") + 1
    return 1.0 if gpu_layers < 0 else min(1.0, gpu_layers / layers)
