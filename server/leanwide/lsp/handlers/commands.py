"""Commands about the server itself: its status, its last requests, its mode."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from leanwide.features.acceptance.counts import last, today, total
from leanwide.features.acceptance.counts_file import rows
from leanwide.lsp import convert
from leanwide.lsp.arguments import AUTO, AcceptedArguments, ModeArguments
from leanwide.lsp.session import Server

THIS_MACHINE: Final = "this machine"
_MAX_DECISIONS: Final = 10
_STATS_DAYS: Final = 30


async def status(ls: Server, *_: Any) -> dict[str, Any]:
    """``leanwide.status``: return what ``leanwide/status`` notifies of, and the model."""
    engine = ls.session.backend.engine
    model = ls.session.typing_model
    return {
        **ls.status_params(engine.status),
        "model": None if model is None else {"name": model.name, "path": str(model.path)},
        "residency": convert.camel_case(None if model is None else model.residency),
        "memoryBytes": await engine.memory_bytes(),
        "lanes": convert.camel_case(engine.lanes),
        "where": {
            "lean": ls.options.lanes.lean.url or THIS_MACHINE,
            "wide": ls.options.lanes.wide.url or THIS_MACHINE,
        },
        "accepted": ls.acceptance.accepted_suggestions,
        "nextEdits": convert.camel_case(ls.next_edits.counts),
        "pinned": ls.session.pinned,
        "index": convert.camel_case(await ls.folders.workspace.stats()),
        "pending": {
            "requests": len(ls.protocol.requests),
            "tasks": len(asyncio.all_tasks()),
        },
    }


async def last_request(ls: Server, *_: Any) -> list[dict[str, Any]]:
    """``leanwide.lastRequest``: return the last requests and what they cost, newest last."""
    return [convert.camel_case(entry) for entry in ls.session.journal.records]


async def set_mode(ls: Server, given: ModeArguments) -> dict[str, Any]:
    """``leanwide.setMode``: run everything in one mode, or let the router choose again."""
    ls.session.pinned = given.pinned
    ls.feedback.send_status(ls.session.backend.engine.status)
    return {"mode": ls.session.pinned or AUTO}


async def why(ls: Server, *_: Any) -> list[dict[str, Any]]:
    """``leanwide.why``: return the reasons of the last decisions, newest last."""
    return [
        {
            "mode": record.mode,
            "lane": record.lane,
            "experts": record.experts,
            "source": record.source,
            "reason": record.reason,
        }
        for record in ls.session.journal.records[-_MAX_DECISIONS:]
    ]


async def accepted(ls: Server, given: AcceptedArguments) -> None:
    """``leanwide.accepted``: count an accepted suggestion or edit, on this machine only."""
    ls.acceptance.accepted(given.id)


async def stats(ls: Server, *_: Any) -> dict[str, Any]:
    """``leanwide.stats``: return what was shown, accepted and kept in the last days."""
    await ls.acceptance.written()
    days = last(await asyncio.to_thread(ls.acceptance.file.read), _STATS_DAYS, today())
    return {
        "keeping": ls.options.statistics.keep,
        "days": _STATS_DAYS,
        "counts": convert.camel_case(rows(total(days.values()))),
    }
