"""A client that sends any bytes to the real server, which has scripted answers."""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from leanwide.lsp.rpc.framing import Frames

SCRIPTED: Final = (sys.executable, "-m", "tests.fuzz.scripted")
PATIENCE_S: Final = 30.0
URI: Final = "file:///project/a.py"


class Wire:
    """The pipes of one server."""

    def __init__(self, process: Process) -> None:
        self.process = process
        self._frames = Frames()
        self._received: list[Any] = []
        self._ids = 0

    def send(self, data: bytes) -> None:
        """Send bytes."""
        assert self.process.stdin is not None
        self.process.stdin.write(data)

    def post(self, message: Any) -> None:
        """Send a message in a frame."""
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        self.send(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    def tell(self, method: str, params: Any = None) -> None:
        """Send a notification."""
        self.post({"jsonrpc": "2.0", "method": method, "params": params})

    async def ask(self, method: str, **more: Any) -> Any:
        """Send a request and return the message that answers it."""
        self._ids += 1
        known = f"ask {self._ids}"
        self.post({"jsonrpc": "2.0", "id": known, "method": method, **more})
        return await self.answer(known)

    async def code(self, method: str, **more: Any) -> int:
        """Send a request that is refused and return the error's code."""
        answer = await self.ask(method, **more)
        assert "error" in answer, answer
        assert answer["error"].get("data") is None
        assert "Traceback" not in answer["error"]["message"]
        return int(answer["error"]["code"])

    async def answer(self, known: Any) -> Any:
        """Return the next answer with an id."""
        while True:
            message = await self.next()
            if "method" not in message and message["id"] == known:
                return message

    async def next(self) -> Any:
        """Return the next message of any kind."""
        assert self.process.stdout is not None
        async with asyncio.timeout(PATIENCE_S):
            while not self._received:
                data = await self.process.stdout.read(65_536)
                assert data, "the server closed its end"
                for frame in self._frames.feed(data):
                    assert isinstance(frame, bytes)
                    self._received.append(json.loads(frame))
        return self._received.pop(0)

    async def initialize(self, **more: Any) -> Any:
        """Send ``initialize`` and ``initialized``; return the answer."""
        params = {"processId": None, "rootUri": None, "capabilities": {}, **more}
        answer = await self.ask("initialize", params=params)
        self.tell("initialized", {})
        return answer

    async def lives(self) -> Any:
        """Return the server's status: a good request is still answered."""
        answer = await self.ask("workspace/executeCommand", params={"command": "leanwide.status"})
        return answer["result"]

    def open(self, text: str, uri: str = URI) -> None:
        """Open a Python document."""
        item = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": item})

    async def ended(self, seconds: float = PATIENCE_S) -> int:
        """Wait for the process's end and return its code."""
        return await asyncio.wait_for(self.process.wait(), seconds)

    async def log(self) -> str:
        """Return what the server wrote to stderr, once it has ended."""
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()


@asynccontextmanager
async def wire(command: Sequence[str] = SCRIPTED, **more: Any) -> AsyncIterator[Wire]:
    """Start a server, and kill it at the end if it still runs."""
    streams: dict[str, Any] = {"stdin": PIPE, "stdout": PIPE, "stderr": PIPE, **more}
    process = await asyncio.create_subprocess_exec(*command, **streams)
    try:
        yield Wire(process)
    finally:
        if process.returncode is None:
            process.kill()
        if process.stdin is not None:
            process.stdin.close()
        for stream in (process.stdout, process.stderr):
            if stream is not None:
                await stream.read()  # asyncio reports the process's end after that of its pipes
        await process.wait()
