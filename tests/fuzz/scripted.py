"""The server with a scripted engine that answers every request, on stdio or with ``tcp`` on TCP."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator

from leanwide.cli.access import ListenAddress
from leanwide.cli.listening import serve_tcp
from leanwide.cli.log import log_to_stderr
from leanwide.engine.requests import (
    CancelToken,
    Finished,
    Piece,
    ProgressCallback,
    Request,
    ignore_progress,
)
from leanwide.engine.scripted import ScriptedEngine
from leanwide.engine.shared_engine import SharedEngine
from leanwide.options import restrict_session
from leanwide.server import create_server


class TalkingEngine(ScriptedEngine):
    """Answers every request, and keeps no records of them."""

    def __init__(self) -> None:
        super().__init__()
        self._slow = False

    async def generate(
        self, request: Request, cancel: CancelToken, watch: ProgressCallback = ignore_progress
    ) -> AsyncIterator[Piece | Finished]:
        """Yield the same answer each time; every second time slowly enough to be cancelled."""
        self._slow = not self._slow
        await asyncio.sleep(0.003 if self._slow else 0)
        self.enqueue(["```python\n", "self.settings", " = 1\n", "```"])
        async for event in super().generate(request, cancel, watch):
            yield event
        self.requests.clear()
        self.cancelled.clear()


if __name__ == "__main__":
    log_to_stderr()
    if sys.argv[1:] != ["tcp"]:
        create_server(lambda _: TalkingEngine()).start_io()
    shared = SharedEngine(TalkingEngine())
    sys.exit(
        serve_tcp(
            ListenAddress(("127.0.0.1",), 0),
            None,
            shared,
            lambda: create_server(lambda _: shared.view(), restrict=restrict_session),
        )
    )
