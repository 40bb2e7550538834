"""A test's side of a server on a port: it speaks LSP by hand, also badly."""

from __future__ import annotations

import asyncio
import json
import re
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from attrs import define, field

from leanwide.lsp.admission import frame

ROOT = Path(__file__).parents[2]
TOKEN = "a token of sixteen characters or more"
WITHIN = 20.0
"""Seconds until anything must have happened, on a machine that is busy with other tests."""


@define(eq=False)
class Peer:
    """A client: it sends messages and reads what comes, when it is asked to."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    notes: list[dict[str, Any]] = field(factory=list)
    """What came beside answers."""
    _ids: count[int] = field(factory=lambda: count(1))

    def send(self, method: str, params: Any = None, **more: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params, **more}
        self.writer.write(frame(message))

    def ask(self, method: str, params: Any = None) -> int:
        """Send a request and do not wait."""
        number = next(self._ids)
        self.send(method, params, id=number)
        return number

    async def request(self, method: str, params: Any = None) -> dict[str, Any]:
        return await self.answer(self.ask(method, params))

    async def answer(self, number: int) -> dict[str, Any]:
        """Read until the answer of a request has come."""
        while (message := await self.read()).get("id") != number or "method" in message:
            self.notes.append(message)
            if "method" in message and "id" in message:  # the server's requests
                answer = {"jsonrpc": "2.0", "id": message["id"], "result": None}
                self.writer.write(frame(answer))
        return message

    async def read(self) -> dict[str, Any]:
        async with asyncio.timeout(WITHIN):
            header = await self.reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", header)
            assert length is not None
            message: dict[str, Any] = json.loads(await self.reader.readexactly(int(length[1])))
        return message

    async def rest(self) -> bytes:
        """Everything that comes until the server closes the connection."""
        async with asyncio.timeout(WITHIN):
            with suppress(ConnectionError):
                return await self.reader.read()
        return b""

    async def initialize(
        self, token: Any = TOKEN, root: Path | None = None, **options: Any
    ) -> dict[str, Any]:
        given = {"token": token, **options} if token is not None else options
        capabilities = {"window": {"workDoneProgress": True}}
        params = {
            "processId": 1,
            "rootUri": root.as_uri() if root is not None else None,
            "capabilities": capabilities,
            "initializationOptions": given,
        }
        answer = await self.request("initialize", params)
        if "result" in answer:
            self.send("initialized", {})
        return answer

    def open(self, uri: str, text: str) -> None:
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.send("textDocument/didOpen", {"textDocument": document})

    def ask_completion(self, uri: str, line: int, character: int) -> int:
        params = {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": character},
            "context": {"triggerKind": 1},
        }
        return self.ask("textDocument/inlineCompletion", params)

    async def complete(self, uri: str, line: int, character: int) -> list[str]:
        """The texts that are suggested."""
        answer = await self.answer(self.ask_completion(uri, line, character))
        return [item["insertText"] for item in (answer["result"] or {"items": []})["items"]]

    async def command(self, name: str, *arguments: Any) -> Any:
        params = {"command": name, "arguments": list(arguments)}
        return (await self.request("workspace/executeCommand", params))["result"]

    async def leave(self) -> None:
        self.writer.close()
        with suppress(ConnectionError):
            await self.writer.wait_closed()


@define(eq=False)
class Listening:
    """A server process on a port."""

    process: asyncio.subprocess.Process
    port: int
    token_file: Path
    peers: list[Peer] = field(factory=list)

    async def connect(self) -> Peer:
        peer = Peer(*await asyncio.open_connection("127.0.0.1", self.port))
        self.peers.append(peer)
        return peer

    async def session(self, token: str = TOKEN, root: Path | None = None, **options: Any) -> Peer:
        """A client that is served."""
        peer = await self.connect()
        answer = await peer.initialize(token, root, **options)
        assert answer["result"]["serverInfo"]["name"] == "leanwide"
        return peer

    @property
    def children(self) -> list[str]:
        """The server's child processes."""
        return (
            Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        )

    @property
    def open_files(self) -> int:
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())

    @property
    def threads(self) -> int:
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/task").iterdir())

    @property
    def resident_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        resident = re.search(r"VmRSS:\s+(\d+) kB", status)
        assert resident is not None
        return 1024 * int(resident[1])


@asynccontextmanager
async def listening(command: Sequence[str]) -> AsyncIterator[Listening]:
    """Start a server that says where it listens, and end it."""
    process = await asyncio.create_subprocess_exec(
        *command, stderr=asyncio.subprocess.PIPE, cwd=ROOT
    )
    assert process.stderr is not None
    async with asyncio.timeout(WITHIN):
        line = (await process.stderr.readline()).decode()
    said = re.search(r"listens on \S+:(\d+).*; the token is in (.*)", line)
    assert said is not None, line + (await process.stderr.read()).decode()
    server = Listening(process, int(said[1]), Path(said[2]))
    try:
        yield server
    finally:
        for peer in server.peers:
            await peer.leave()
        if process.returncode is None:
            process.terminate()
        async with asyncio.timeout(WITHIN):
            await process.wait()


@asynccontextmanager
async def scripted(folder: Path, *answers: Sequence[str]) -> AsyncIterator[Listening]:
    """Start a server whose engine says these; the file ``go`` in the folder ends every hold."""
    token = folder / "token"
    token.touch(mode=0o600)
    token.write_text(TOKEN)
    arguments = (json.dumps(answers), str(folder / "go"), str(token))
    command = (sys.executable, "-m", "tests.e2e.scripted_sessions", *arguments)
    async with listening(command) as server:
        yield server
