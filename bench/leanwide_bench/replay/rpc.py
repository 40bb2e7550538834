"""A minimal JSON-RPC client over a subprocess's stdio, cheap enough to measure with."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from asyncio.subprocess import Process
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from attrs import frozen

from leanwide import child


class ReplayError(Exception):
    """The replay cannot continue; the message is one sentence for the user."""


@frozen
class Reply:
    """The answer to a request."""

    at: float
    """When it arrived, on the clock of ``time.perf_counter``, in seconds."""
    result: Any
    error: dict[str, Any] | None


class Connection:
    """Requests, notifications and the replies to them."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self._ids = itertools.count(1)
        self._pending: dict[int, asyncio.Future[Reply]] = {}
        self.answers: Counter[int] = Counter()
        """Answers per request id; in the end every count must be 1."""
        self._reader = asyncio.create_task(self._read())

    @property
    def process_id(self) -> int:
        """The id of the server's process."""
        return self._process.pid

    @classmethod
    async def start(
        cls, command: Sequence[str], cache: Path, runtime: Path | None = None
    ) -> Connection:
        """Start the server with its own cache folder and this program's stderr.

        Args:
            command: The server.
            cache: The folder of its cache.
            runtime: Where it finds an engine to share; None: it shares none.
        """
        folders = {"XDG_CACHE_HOME": str(cache), "XDG_RUNTIME_DIR": str(runtime or "")}
        return cls(await child.start(command, instead=folders))

    def request(self, method: str, params: Any) -> tuple[int, asyncio.Future[Reply]]:
        """Send a request; return its id and the future of its reply."""
        number = next(self._ids)
        self.answers[number] = 0
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        if self._reader.done():
            future.set_exception(ReplayError("the server has ended"))
        self._send({"id": number, "method": method, "params": params})
        return number, future

    async def call(self, method: str, params: Any) -> Any:
        """Send a request and wait for its result.

        Raises:
            ReplayError: The server refuses it, or has ended.
        """
        reply = await self.request(method, params)[1]
        if reply.error is not None:
            raise ReplayError(f"{method}: {reply.error.get('message', reply.error)}")
        return reply.result

    def notify(self, method: str, params: Any) -> None:
        """Send a notification."""
        self._send({"method": method, "params": params})

    async def close(self, within_s: float = 10.0) -> None:
        """Wait for the server to exit, which must have been requested; kill it after that time."""
        try:
            await asyncio.wait_for(self._process.wait(), within_s)
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await asyncio.wait([self._reader])

    def _send(self, message: dict[str, Any]) -> None:
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        assert self._process.stdin is not None  # noqa: S101  # it is a pipe
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n%s" % (len(body), body))

    async def _read(self) -> None:
        try:
            while True:
                self._take(*await self._message())
        except (asyncio.IncompleteReadError, ConnectionError):
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(ReplayError("the server ended before it answered"))
                    future.exception()  # marked as retrieved: the caller may not wait any more

    async def _message(self) -> tuple[dict[str, Any], float]:
        stream = self._process.stdout
        assert stream is not None  # noqa: S101  # it is a pipe
        header = await stream.readuntil(b"\r\n\r\n")
        fields = dict(line.split(b": ", 1) for line in header.strip().split(b"\r\n"))
        body = await stream.readexactly(int(fields[b"Content-Length"]))
        arrived = time.perf_counter()
        return json.loads(body), arrived

    def _take(self, message: dict[str, Any], arrived: float) -> None:
        if "method" in message:
            if "id" in message:  # a request of the server, answered with null
                self._send({"id": message["id"], "result": None})
            return
        self.answers[message["id"]] += 1
        future = self._pending.pop(message["id"], None)
        if future is not None and not future.done():
            future.set_result(Reply(arrived, message.get("result"), message.get("error")))
