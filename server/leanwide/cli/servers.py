"""What ``leanwide doctor`` finds out about the servers that lanes run at."""

from __future__ import annotations

import asyncio
from typing import Any

from leanwide.cli.compose import servers
from leanwide.engine.base import EngineError
from leanwide.engine.remote.engine import RemoteEngine
from leanwide.options import Options


async def ask_servers(options: Options) -> list[dict[str, Any]]:
    """Connect to every server of the options; return what each is, or its problem."""
    engines = servers(options)
    try:
        return await asyncio.gather(*(_ask(engine, options) for engine in engines))
    finally:
        await asyncio.gather(*(engine.close() for engine in engines))


async def _ask(engine: RemoteEngine, options: Options) -> dict[str, Any]:
    report: dict[str, Any] = {"url": engine.url, "lanes": list(engine.lane_names), "problems": []}
    refusals: list[str] = []
    for lane in engine.lane_names:
        try:
            await engine.ready(lane)
        except EngineError as error:
            refusals.append(str(error))
            if engine.facts is None:  # it cannot be used at all
                return {**report, "problems": refusals}
    facts = engine.facts
    if facts is None:  # it was lost since
        return report
    report |= {
        "model": facts.model.name,
        "kind": facts.kind,
        "software": facts.software,
        "context_tokens": facts.context_tokens,
        "slots": facts.slots,
        "completes": facts.model.fim is not None,
        "heals_tokens": facts.heals,
        "tells_busy_slots": facts.tells_slots,
        "words": facts.words,
    }
    notices = [*refusals, *(lane.notice for lane in engine.lanes if lane.notice)]
    typing = options.modes.code.lane
    if engine.model(typing) is not None and facts.model.fim is None:
        notices.append(
            f"{facts.model.name} at {engine.url} has no fill-in-the-middle tokens: there are no "
            "suggestions while you type"
        )
    report["problems"] = notices
    return report
