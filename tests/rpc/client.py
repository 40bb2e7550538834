"""A client in the same process as the server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from leanwide.lsp.rpc.connection import serve_connection
from leanwide.lsp.rpc.framing import Frames
from leanwide.lsp.session import Server


class Client(asyncio.StreamReader):
    """What a client writes, and what it read."""

    def __init__(self) -> None:
        super().__init__()
        self._frames = Frames()
        self._taken = b""
        self.answers: dict[int, Any] = {}
        self.told: list[tuple[str, Any]] = []
        """Methods and parameters of the server's notifications and requests, oldest first."""
        self.replies: dict[str, Any] = {}
        """Results or errors with which the server's requests are answered, by method."""

    def say(self, method: str, params: Any, known: int | None = None) -> None:
        message = {"method": method, "params": params}
        self._send(message if known is None else {**message, "id": known})

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.feed_data(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def write(self, data: bytes) -> None:
        self._taken += data

    async def answer(self, known: int) -> Any:
        """Wait for the answer to a request."""
        await self.until(lambda: known in self.answers)
        return self.answers[known]

    async def until(self, fulfilled: Callable[[], Any]) -> None:
        """Wait until something is true."""
        async with asyncio.timeout(20):
            while not fulfilled():
                await asyncio.sleep(0.01)

    def got(self, method: str) -> list[Any]:
        """Return the parameters of the server's messages with a method, oldest first."""
        return [params for told, params in self.told if told == method]

    @property
    def shown(self) -> list[str]:
        """The texts that the user was shown in message boxes."""
        return [params["message"] for params in self.got("window/showMessage")]

    async def drain(self) -> None:
        """Write as a pipe does that somebody reads slowly."""
        await asyncio.sleep(0.2)
        data, self._taken = self._taken, b""
        for frame in self._frames.feed(data):
            assert isinstance(frame, bytes)
            message = json.loads(frame)
            if "method" in message:
                self.told.append((message["method"], message["params"]))
                if (reply := self.replies.get(message["method"])) is not None:
                    self._send({"id": message["id"], **reply})
            else:
                self.answers[message["id"]] = message


@asynccontextmanager
async def initialized(server: Server, **params: Any) -> AsyncIterator[Client]:
    """Serve a client that has initialized with these parameters, to the end of the block."""
    client = Client()
    serving = asyncio.create_task(serve_connection(server, client, client))
    usual: dict[str, Any] = {"processId": None, "rootUri": None, "capabilities": {}}
    client.say("initialize", {**usual, **params}, 1)
    await client.answer(1)
    client.say("initialized", {})
    try:
        yield client
    finally:
        client.say("exit", None)
        await serving
