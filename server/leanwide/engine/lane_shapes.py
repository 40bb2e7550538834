"""What decides the memory of an engine's lanes, within the limits of the model."""

from __future__ import annotations

from leanwide.engine.specs import LaneSpec, ModelSpec
from leanwide.models.expert_count import legal_experts, wanted_experts
from leanwide.models.gguf_header import GgufHeader
from leanwide.models.memory import LaneShape


def lane_shapes(header: GgufHeader, spec: ModelSpec) -> dict[str, LaneShape]:
    """Return the shape of each lane by its name, the first lane to be opened first."""
    trained = header.number("context_length")
    return {
        lane.name: lane_shape(
            spec,
            lane,
            context_tokens=min(lane.context_tokens, trained or lane.context_tokens),
            experts=legal_experts(header, wanted_experts(header, lane.experts))[0],
        )
        for lane in spec.lanes
    }


def lane_shape(engine: ModelSpec, lane: LaneSpec, context_tokens: int, experts: int) -> LaneShape:
    """Return a lane's shape with a known context and expert count."""
    return LaneShape(
        context_tokens=context_tokens,
        sequences=lane.sequences,
        experts=experts,
        batch_tokens=engine.batch_tokens,
        keeps_scores=engine.keeps_scores,
        kv_type=engine.kv_type,
    )
