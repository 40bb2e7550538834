"""The lanes of an engine as a model allows them: what decides their memory."""

from __future__ import annotations

from leanwide.engine.base import EngineSpec
from leanwide.models.gguf import GgufHeader
from leanwide.models.limits import legal_experts, wanted_experts
from leanwide.models.memory import LaneShape


def lane_shapes(header: GgufHeader, spec: EngineSpec) -> dict[str, LaneShape]:
    """Give each lane that the engine may open, by its name, the one that opens first in front."""
    trained = header.number("context_length")
    return {
        lane.name: LaneShape(
            context_tokens=min(lane.context_tokens, trained or lane.context_tokens),
            sequences=lane.sequences,
            experts=legal_experts(header, wanted_experts(header, lane.experts))[0],
            batch_tokens=spec.batch_tokens,
            keeps_scores=spec.keeps_scores,
        )
        for lane in spec.lanes
    }
