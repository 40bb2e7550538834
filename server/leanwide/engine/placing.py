"""Decides where the weights of a model are, and how many handles there are on them. Pure.

Every handle has its own copy of what is in GPU memory; handles share what is mapped. So a GPU that
holds the model once gets one handle, and both lanes run the same experts. Where the experts stay in
memory, both lanes map them, and each has only its attention, norms and KV cache on the GPU.
"""

from __future__ import annotations

from functools import partial

import attrs
from attrs import frozen

from leanwide.engine.lane_shapes import lane_shapes
from leanwide.engine.specs import LaneSpec, ModelSpec
from leanwide.models.expert_count import wanted_experts
from leanwide.models.fit import Hardware, Load
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.limits import legal_kv_type
from leanwide.models.memory import lane_bytes
from leanwide.models.placement import (
    ON_CPU,
    GpuRoom,
    LayerBytes,
    Placement,
    candidates,
    fits,
    layer_bytes,
)
from leanwide.models.residency import (
    Residency,
    ResidencyChoice,
    ResidencySetting,
    WeightSizes,
    choose_residency,
)

_NO_GPU = "model.gpu_layers has no effect: llama.cpp uses no GPU here (`leanwide doctor` says why)"

_ONE_LANE = "each lane has a model of its own"


@frozen(kw_only=True)
class Placed:
    """An engine whose specification says where everything is."""

    spec: ModelSpec
    """With numbers and a residency in place of what was left open."""
    residency: ResidencyChoice
    load: Load
    notice: str
    """Sentences where something is not as the user wished; else empty."""


def place(spec: ModelSpec, header: GgufHeader, machine: Hardware) -> Placed:
    """Return how a model is loaded on a machine; the same again for what is placed already."""
    kv_type, kv_notice = legal_kv_type(header, spec.kv_type)
    spec = attrs.evolve(spec, kv_type=kv_type)
    residency, placement = _on_cpu(spec, header, machine), ON_CPU
    if spec.gpu_layers != 0 and machine.gpu_bytes is not None:
        residency, placement = _Gpu(spec, header, machine).choose() or (residency, ON_CPU)
    ignored = machine.gpu_bytes is None and spec.gpu_layers not in (0, None)
    return Placed(
        spec=_settled(spec, header, residency, placement),
        residency=residency,
        load=Load(
            handles=2 if residency.residency is Residency.SHARED else 1,
            mapped=_mapped(spec),
            placement=placement,
        ),
        notice=" ".join(filter(None, (kv_notice, _NO_GPU if ignored else ""))),
    )


def _settled(
    spec: ModelSpec, header: GgufHeader, residency: ResidencyChoice, placement: Placement
) -> ModelSpec:
    """Return a specification with decisions.

    Lanes of one handle run the experts of the first lane, which is always open; on a GPU, which is
    fast enough, those of the widest.
    """
    lanes = spec.lanes
    if residency.residency is Residency.SINGLE:
        first = tuple(attrs.evolve(lane, experts=lanes[0].experts) for lane in lanes)
        lanes = _widened(lanes, header) if placement.gpu_layers else first
    return attrs.evolve(
        spec,
        lanes=lanes,
        gpu_layers=placement.gpu_layers,
        cpu_expert_layers=placement.cpu_expert_layers,
        residency=ResidencySetting(residency.residency),
    )


def _widened(lanes: tuple[LaneSpec, ...], header: GgufHeader) -> tuple[LaneSpec, ...]:
    """Return lanes that all run the most experts of any."""
    experts = max((lane.experts for lane in lanes), key=partial(wanted_experts, header))
    return tuple(attrs.evolve(lane, experts=experts) for lane in lanes)


def _mapped(spec: ModelSpec) -> bool:
    """Whether handles share the weights that are in memory."""
    return spec.use_mmap and not spec.use_extra_bufts


def _on_cpu(spec: ModelSpec, header: GgufHeader, machine: Hardware) -> ResidencyChoice:
    if len(spec.lanes) == 1:
        return ResidencyChoice(Residency.SINGLE, _ONE_LANE)
    experts = header.number("expert_count")
    weights = WeightSizes(size_bytes=header.file_bytes, experts=experts, mapped=_mapped(spec))
    return choose_residency(spec.residency, weights, machine.memory_bytes)


class _Gpu:
    """Placements of one model on the GPUs of one machine."""

    def __init__(self, spec: ModelSpec, header: GgufHeader, machine: Hardware) -> None:
        self._spec = spec
        self._layers: LayerBytes = layer_bytes(header)
        self._candidates = candidates(self._layers, spec.gpu_layers, spec.cpu_expert_layers)
        self._gpu_bytes = machine.gpu_bytes or 0
        # Which layers are on the GPU does not matter here, only that some are; one handle may run
        # all lanes with the most experts.
        lanes = _widened(spec.lanes, header)
        shapes = lane_shapes(header, attrs.evolve(spec, gpu_layers=-1, lanes=lanes))
        self._lanes_bytes = sum(lane_bytes(header, shape).total for shape in shapes.values())

    def choose(self) -> tuple[ResidencyChoice, Placement] | None:
        """Return a residency and a placement; None where nothing fits and the user set no number.

        Two handles are worth having where the GPU holds all of both, or where they share experts.
        """
        setting = self._spec.residency
        once, twice = self._fitting(handles=1), self._fitting(handles=2)
        if len(self._spec.lanes) == 1:
            residency, reason = Residency.SINGLE, _ONE_LANE
        elif not any(self._layers.experts):
            residency, reason = Residency.SINGLE, "the model has no experts to choose from"
        elif setting is not ResidencySetting.AUTO:
            residency, reason = Residency(setting), "machine.residency says so"
        elif twice is not None and self._is_whole(twice) and self._fits(twice, handles=2):
            residency, reason = Residency.SHARED, "GPU memory holds the weights twice"
        elif self._shares(twice) and not self._is_whole(once):
            residency, reason = Residency.SHARED, "both lanes map the experts that are in memory"
        else:
            residency, reason = Residency.SINGLE, "each handle would take GPU memory of its own"
        placement = twice if residency is Residency.SHARED else once
        return None if placement is None else (ResidencyChoice(residency, reason), placement)

    def _fitting(self, handles: int) -> Placement | None:
        """Return the placement with the most on the GPU; the least, where the user insists."""
        fitting = (each for each in self._candidates if self._fits(each, handles))
        insisted = None if self._spec.gpu_layers is None else self._candidates[-1]
        return next(fitting, insisted)

    def _fits(self, placement: Placement, handles: int) -> bool:
        room = GpuRoom(bytes=self._gpu_bytes, lanes_bytes=self._lanes_bytes, handles=handles)
        return fits(self._layers, placement, room)

    def _is_whole(self, placement: Placement | None) -> bool:
        return placement is not None and self._layers.is_whole(placement)

    def _shares(self, twice: Placement | None) -> bool:
        """Whether two handles share experts in memory, or everything: the GPU holds too little."""
        return _mapped(self._spec) and (twice is None or twice.cpu_expert_layers > 0)
