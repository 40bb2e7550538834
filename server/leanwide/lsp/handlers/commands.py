"""workspace/executeCommand: what a user can ask of the server itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import psutil

from leanwide.engine.base import ModelInfo
from leanwide.lsp import convert
from leanwide.lsp.arguments import AUTO, chosen_mode
from leanwide.models.residency import ResidencyChoice, choose_residency

if TYPE_CHECKING:
    from leanwide.lsp.session import Server

_DECISIONS_SHOWN: Final = 10


async def status(ls: Server, *_: Any) -> dict[str, Any]:
    """``leanwide.status``: what the ``leanwide/status`` notification says, with the model."""
    engine = ls.session.backend.engine
    params = convert.status_params(engine.status, engine.lanes, ls.last_record, ls.session.pinned)
    model = engine.model
    return {
        **params,
        "model": None if model is None else {"name": model.name, "path": str(model.path)},
        "residency": None if model is None else convert.camel_case(await _residence(ls, model)),
        "memoryBytes": await engine.memory_bytes(),
        "lanes": convert.camel_case(engine.lanes),
        "accepted": ls.accepted,
        "pinned": ls.session.pinned,
        "index": convert.camel_case(await ls.folders.elsewhere.stats()),
        "pending": {
            "requests": len(ls.protocol.requests),
            "tasks": len(asyncio.all_tasks()),
        },
    }


async def _residence(ls: Server, model: ModelInfo) -> ResidencyChoice:
    """How the lanes hold the weights of the loaded model."""
    memory = await asyncio.to_thread(psutil.virtual_memory)
    weights = ls.options.model.weights(model.size_bytes, model.experts)
    return choose_residency(ls.options.machine.residency, weights, memory.total)


async def last_request(ls: Server, *_: Any) -> list[dict[str, Any]]:
    """``leanwide.lastRequest``: the last requests and what they cost, newest last."""
    return [convert.camel_case(entry) for entry in ls.session.journal.records]


async def set_mode(ls: Server, *arguments: Any) -> dict[str, Any]:
    """``leanwide.setMode``: hold everything to one mode, or let the router choose again."""
    ls.pin(chosen_mode(arguments))
    ls.feedback.send_status(ls.session.backend.engine.status)
    return {"mode": ls.session.pinned or AUTO}


async def why(ls: Server, *_: Any) -> list[dict[str, Any]]:
    """``leanwide.why``: the reasons of the last decisions, newest last."""
    return [
        {
            "mode": record.mode,
            "lane": record.lane,
            "experts": record.experts,
            "source": record.source,
            "reason": record.reason,
        }
        for record in ls.session.journal.records[-_DECISIONS_SHOWN:]
    ]


async def accepted(ls: Server, *_: Any) -> None:
    """``leanwide.accepted``: the user took a suggestion; counted on this machine, sent nowhere."""
    ls.accepted += 1
