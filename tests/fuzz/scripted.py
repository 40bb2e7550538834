"""The server on stdio with an engine that always has something to say."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from leanwide.cli.log import log_to_stderr
from leanwide.engine.base import CancelToken, Finished, Piece, Request
from leanwide.engine.scripted import ScriptedEngine
from leanwide.server import create_server


class TalkingEngine(ScriptedEngine):
    """Answers every request, and remembers none."""

    def __init__(self) -> None:
        super().__init__()
        self._slow = False

    async def generate(
        self, request: Request, cancel: CancelToken
    ) -> AsyncIterator[Piece | Finished]:
        """Say the same each time; every other time long enough to be cancelled."""
        self._slow = not self._slow
        await asyncio.sleep(0.003 if self._slow else 0)
        self.enqueue(["```python\n", "self.settings", " = 1\n", "```"])
        async for event in super().generate(request, cancel):
            yield event
        self.requests.clear()
        self.cancelled.clear()


if __name__ == "__main__":
    log_to_stderr()
    create_server(lambda _: TalkingEngine()).start_io()
