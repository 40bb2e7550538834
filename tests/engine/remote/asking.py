"""An engine at a server, and what its user sees."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from leanwide.engine.base import EngineStatus
from leanwide.engine.remote.address import ServerAddress
from leanwide.engine.remote.engine import RemoteEngine, ServerPatience
from leanwide.engine.remote.http import HttpTimeouts
from leanwide.engine.requests import CancelToken, Finished, FinishReason, Priority, Request
from leanwide.engine.specs import LaneSpec

QUICK = ServerPatience(
    http=HttpTimeouts(connect=5.0, answer=5.0, silence=0.3, progress=0.6),
    first_pause=0.01,
    long_pause=0.05,
)
LEAN = LaneSpec(name="lean", experts=0, context_tokens=4096, sequences=6)
KEY = Request(
    lane="lean", prompt=("x = ",), priority=Priority.INTERACTIVE, max_tokens=4, deadline_ms=5e3
)


@contextlib.asynccontextmanager
async def connected(
    address: ServerAddress,
) -> AsyncIterator[tuple[RemoteEngine, list[EngineStatus]]]:
    """Yield an engine and all its statuses."""
    engine, told = RemoteEngine(address, [LEAN], QUICK), list[EngineStatus]()
    engine.observe(told.append)
    try:
        async with asyncio.timeout(60):
            yield engine, told
    finally:
        await engine.close()


async def ask(engine: RemoteEngine, request: Request = KEY) -> tuple[str, FinishReason]:
    """The text of an answer, and its end."""
    text = ""
    async for event in engine.generate(request, CancelToken()):
        if isinstance(event, Finished):
            return text, event.reason
        text += event.text
    raise AssertionError("no end")


def notices(told: list[EngineStatus]) -> set[str]:
    """What the user was told."""
    return {status.reason for status in told if status.reason}
