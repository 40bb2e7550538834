"""workspace/executeCommand: what a user can ask of the server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from leanwide.lsp import convert

if TYPE_CHECKING:
    from leanwide.server import Server

_DECISIONS_SHOWN: Final = 10


async def status(ls: Server, *_: Any) -> dict[str, Any]:
    """``leanwide.status``: what the ``leanwide/status`` notification says, with the model."""
    engine = ls.bench.engine
    params = convert.status_params(engine.status, engine.lanes, ls.last_record)
    model = engine.model
    return {
        **params,
        "model": None if model is None else {"name": model.name, "path": str(model.path)},
        "lanes": convert.camel_case(engine.lanes),
        "accepted": ls.accepted,
        "index": convert.camel_case(await ls.elsewhere.stats()),
    }


async def last_request(ls: Server, *_: Any) -> list[dict[str, Any]]:
    """``leanwide.lastRequest``: the last requests and what they cost, newest last."""
    return [convert.camel_case(entry) for entry in ls.bench.journal.records]


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
        for record in ls.bench.journal.records[-_DECISIONS_SHOWN:]
    ]


async def accepted(ls: Server, *_: Any) -> None:
    """``leanwide.accepted``: the user took a suggestion; counted on this machine, sent nowhere."""
    ls.accepted += 1
