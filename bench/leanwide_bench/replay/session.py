"""The editor's side of one LSP session with the real server."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from attrs import field, frozen

from leanwide import child
from leanwide_bench.replay.buffer import Buffer, Encoding
from leanwide_bench.replay.rpc import Connection, ReplayError, Reply

SERVE: Final = child.python("-c", "from leanwide.cli import main; main()", "serve")
"""The program of this installation."""

_LOAD_WITHIN_S: Final = 900.0
_FOLDER: Final = "file:///leanwide-replay"
_AUTOMATIC: Final = 2
"""LSP's ``InlineCompletionTriggerKind.Automatic``."""


@frozen(kw_only=True)
class ServerSetup:
    """The server to start."""

    command: Sequence[str]
    """A language server on stdio."""
    settings: Mapping[str, Any]
    """Its ``initializationOptions``."""
    root: Path | None = None
    """The workspace folder, if there is one."""
    capabilities: Mapping[str, Any] = field(factory=dict)
    """The client's, besides those of inline completion."""
    runtime: Path | None = None
    """Where it finds an engine to share with other servers; None: it has its own."""
    cache: Path | None = None
    """Its cache folder, for what an earlier server left; None: an empty one."""


class ServerSession:
    """A running server with the documents that are open in it."""

    def __init__(self, connection: Connection, encoding: Encoding, folder: str = _FOLDER) -> None:
        self._connection = connection
        self._encoding: Encoding = encoding
        self.folder = folder
        """The URI of the folder that documents are in."""
        self.status: dict[str, Any] = {}
        self.records: list[dict[str, Any]] = []
        """All entries of ``leanwide.lastRequest`` so far, oldest first."""
        self._window: list[dict[str, Any]] = []

    def open(self, name: str, language: str, text: str) -> Buffer:
        """Open a document."""
        buffer = Buffer(f"{self.folder}/{name}", text, self._encoding)
        item = {"uri": buffer.uri, "languageId": language, "version": 1, "text": text}
        self._connection.notify("textDocument/didOpen", {"textDocument": item})
        return buffer

    def close(self, uri: str) -> None:
        """Close a document."""
        self._connection.notify("textDocument/didClose", {"textDocument": {"uri": uri}})

    def change(self, buffer: Buffer, change: dict[str, Any]) -> None:
        """Send one change of a document."""
        document = {"uri": buffer.uri, "version": buffer.version}
        params = {"textDocument": document, "contentChanges": [change]}
        self._connection.notify("textDocument/didChange", params)

    def rest(self, buffer: Buffer) -> None:
        """Report that the cursor rests."""
        params = {
            "textDocument": {"uri": buffer.uri},
            "position": buffer.position(buffer.cursor),
        }
        self._connection.notify("leanwide/cursor", params)

    def ask(self, buffer: Buffer) -> tuple[int, asyncio.Future[Reply]]:
        """Request an inline completion at the cursor."""
        params = {
            "textDocument": {"uri": buffer.uri},
            "position": buffer.position(buffer.cursor),
            "context": {"triggerKind": _AUTOMATIC},
        }
        return self._connection.request("textDocument/inlineCompletion", params)

    async def next_edit(self, buffer: Buffer) -> dict[str, Any]:
        """Request the next edit; return the server's answer.

        Raises:
            ReplayError: The server refuses it, or has ended.
        """
        reply = await self.begin_next_edit(buffer)[1]
        if reply.error is not None:
            raise ReplayError(f"leanwide/nextEdit: {reply.error.get('message', reply.error)}")
        answer: dict[str, Any] = reply.result
        return answer

    def begin_next_edit(self, buffer: Buffer) -> tuple[int, asyncio.Future[Reply]]:
        """Request the next edit."""
        params = {
            "textDocument": {"uri": buffer.uri, "version": buffer.version},
            "position": buffer.position(buffer.cursor),
            "context": {"triggerKind": _AUTOMATIC},
        }
        return self._connection.request("leanwide/nextEdit", params)

    def cancel(self, number: int) -> None:
        """Cancel a request."""
        self._connection.notify("$/cancelRequest", {"id": number})

    async def run(self, command: str, arguments: Sequence[Any] = ()) -> Any:
        """Run one of the server's commands.

        Raises:
            ReplayError: The server refuses it, or has ended.
        """
        reply = await self.begin(command, arguments)[1]
        if reply.error is not None:
            raise ReplayError(f"{command}: {reply.error.get('message', reply.error)}")
        return reply.result

    def begin(
        self, command: str, arguments: Sequence[Any] = ()
    ) -> tuple[int, asyncio.Future[Reply]]:
        """Send a command; return its request's id and the future of its reply."""
        params = {"command": command, "arguments": list(arguments)}
        return self._connection.request("workspace/executeCommand", params)

    async def wait_until_loaded(self) -> None:
        """Wait until the model is loaded.

        Raises:
            ReplayError: It cannot be loaded; the message is the server's reason.
        """
        end = time.monotonic() + _LOAD_WITHIN_S
        while time.monotonic() < end:
            self.status = await self.run("leanwide.status")
            if self.status["state"] == "failed":
                raise ReplayError(self.status["reason"] or "the model cannot be loaded")
            if self.status["state"] in ("idle", "busy") and self.status["model"]:
                return
            await asyncio.sleep(0.05)
        raise ReplayError(f"the model did not load within {_LOAD_WITHIN_S:.0f} s")

    async def poll(self) -> None:
        """Fetch the new records."""
        window = await self.run("leanwide.lastRequest")
        self.records += newer(self._window, window)
        self._window = window

    def misanswered(self) -> tuple[int, int]:
        """Return the numbers of requests that were never answered, and more than once."""
        counts = self._connection.answers.values()
        return sum(count == 0 for count in counts), sum(count > 1 for count in counts)

    @property
    def process_id(self) -> int:
        """The id of the server's process."""
        return self._connection.process_id

    async def initialize(self, setup: ServerSetup) -> None:
        """Send ``initialize`` and ``initialized``.

        Raises:
            ReplayError: The server refuses, or counts positions in another encoding.
        """
        capabilities = {
            "general": {"positionEncodings": [self._encoding]},
            "textDocument": {"inlineCompletion": {"dynamicRegistration": False}},
            **setup.capabilities,
        }
        params = {
            "processId": None,
            "rootUri": None if setup.root is None else setup.root.as_uri(),
            "capabilities": capabilities,
            "initializationOptions": dict(setup.settings),
        }
        result = await self._connection.call("initialize", params)
        encoding = result["capabilities"].get("positionEncoding", "utf-16")
        if encoding != self._encoding:
            raise ReplayError(f"the server counts in {encoding}, not in {self._encoding}")
        self._connection.notify("initialized", {})


def newer(known: Sequence[Any], window: Sequence[Any]) -> Sequence[Any]:
    """Return the entries of a sliding window that are not in its ``known`` earlier state."""
    for dropped in range(len(known) + 1):
        kept = len(known) - dropped
        if kept <= len(window) and list(known[dropped:]) == list(window[:kept]):
            return window[kept:]
    return window


@asynccontextmanager
async def session(setup: ServerSetup, encoding: Encoding) -> AsyncIterator[ServerSession]:
    """Start a server, by default with an empty cache folder; shut it down at the end.

    Servers that share an engine share a cache folder, too: the engine saves KV caches in it.
    """
    shared = None if setup.runtime is None else setup.runtime / "cache"
    if (kept := setup.cache or shared) is not None:
        async with _session(setup, encoding, kept) as client:
            yield client
        return
    with TemporaryDirectory(prefix="leanwide-", ignore_cleanup_errors=True) as cache:
        async with _session(setup, encoding, Path(cache)) as client:
            yield client


@asynccontextmanager
async def _session(
    setup: ServerSetup, encoding: Encoding, cache: Path
) -> AsyncIterator[ServerSession]:
    connection = await Connection.start(setup.command, cache, setup.runtime)
    try:
        folder = _FOLDER if setup.root is None else setup.root.as_uri()
        client = ServerSession(connection, encoding, folder)
        await client.initialize(setup)
        yield client
        await connection.call("shutdown", None)
        connection.notify("exit", None)
        await connection.close()
    finally:
        await connection.close(within_s=0.5)
