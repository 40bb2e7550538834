"""A client in the same process as the server."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from leanwide.lsp.rpc.framing import Frames


class Client(asyncio.StreamReader):
    """What a client writes, and what it read."""

    def __init__(self) -> None:
        super().__init__()
        self._frames = Frames()
        self._taken = b""
        self.answers: dict[int, Any] = {}

    def say(self, method: str, params: Any, known: int | None = None) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        body = json.dumps(message if known is None else {**message, "id": known}).encode()
        self.feed_data(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def write(self, data: bytes) -> None:
        self._taken += data

    async def answer(self, known: int) -> Any:
        """Wait for the answer to a request."""
        async with asyncio.timeout(20):
            while known not in self.answers:
                await asyncio.sleep(0.01)
        return self.answers[known]

    async def drain(self) -> None:
        """Write as a pipe does that somebody reads slowly."""
        await asyncio.sleep(0.2)
        data, self._taken = self._taken, b""
        for frame in self._frames.feed(data):
            assert isinstance(frame, bytes)
            answer = json.loads(frame)
            if "method" not in answer:
                self.answers[answer["id"]] = answer
