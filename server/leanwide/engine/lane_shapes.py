"""The lanes of an engine as a model allows them: what decides their memory."""

from __future__ import annotations

from leanwide.engine.base import EngineSpec, LaneSpec
from leanwide.models.gguf import GgufHeader
from leanwide.models.limits import legal_experts, wanted_experts
from leanwide.models.memory import LaneShape


def lane_shapes(header: GgufHeader, spec: EngineSpec) -> dict[str, LaneShape]:
    """Give each lane that the engine may open, by its name, the one that opens first in front."""
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


def lane_shape(engine: EngineSpec, lane: LaneSpec, context_tokens: int, experts: int) -> LaneShape:
    """Give what decides a lane's memory, once its context and its experts are known."""
    return LaneShape(
        context_tokens=context_tokens,
        sequences=lane.sequences,
        experts=experts,
        batch_tokens=engine.batch_tokens,
        keeps_scores=engine.keeps_scores,
    )
