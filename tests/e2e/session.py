"""A test's side of an LSP session: the real program on stdio, driven as an editor drives it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import Future
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from lsprotocol import types
from pytest_lsp import ClientServerConfig, LanguageClient

PROGRAM = str(Path(sys.executable).with_name("leanwide"))
READY_WITHIN = 20.0
"""Seconds until a model must be loaded, on a machine that is busy with other tests."""

SOURCE = (
    '''\
import json


def load(path):
    """Read the settings file."""
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def save(path, settings):
    """Write the settings file."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump(settings, file)


class Store:
    """Settings with a place on disk."""

    def __init__(self, path):
        self.path = path
        self.settings = load(path)

    def get(self, name):
        return self.settings[name]

    def set(self, name, value):
        self.settings[name] = value
'''
    + 8 * " "
)

"""A document to complete in."""

END = types.Position(line=SOURCE.count("\n"), character=8)
"""Where the next statement of :data:`SOURCE` belongs: on its last line, which is blank."""


class Session:
    """An editor with one server."""

    def __init__(self, client: LanguageClient, folder: str) -> None:
        self.client = client
        self.folder = folder
        """The URI of the folder that documents are in."""
        self.statuses: list[Any] = []
        self.ready: list[Any] = []
        """Where the server said that it has more of a suggestion."""
        self.versions: dict[str, int] = {}
        self.parts: dict[str | int, list[Any]] = {}
        """What came as progress of commands, by token."""
        self.capabilities: types.ServerCapabilities
        self.registrations: list[types.Registration] = []

        @client.feature(types.CLIENT_REGISTER_CAPABILITY)
        def register(params: types.RegistrationParams) -> None:
            self.registrations += params.registrations

        @client.feature("leanwide/status")
        def note(params: Any) -> None:
            self.statuses.append(params)

        @client.feature("leanwide/suggestionReady")
        def note_ready(params: Any) -> None:
            self.ready.append(params)

        usual = client.protocol.fm.features[types.PROGRESS]

        def progress(params: types.ProgressParams) -> None:
            """Keep parts of answers; pytest-lsp takes all progress for work-done progress."""
            value = json.loads(json.dumps(params.value, default=lambda item: item._asdict()))
            if "text" in value:
                self.parts.setdefault(params.token, []).append(value)
            else:
                usual(params)

        client.protocol.fm.features[types.PROGRESS] = progress

    def open(self, text: str = SOURCE, name: str = "store.py", language: str = "python") -> str:
        return self.open_at(f"{self.folder}/{name}", text, language)

    def open_at(self, uri: str, text: str = SOURCE, language: str = "python") -> str:
        self.versions[uri] = 1
        item = types.TextDocumentItem(uri, language, 1, text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def insert(self, uri: str, at: types.Position, text: str) -> types.Position:
        """Insert text without a line break; give the position behind it."""
        self.change(uri, types.Range(at, at), text)
        return types.Position(at.line, at.character + len(text))

    def change(self, uri: str, span: types.Range, text: str) -> None:
        self.change_several(uri, (span, text))

    def change_several(self, uri: str, *changes: tuple[types.Range, str]) -> None:
        """Send changes in one notification, each in the text that those before it led to."""
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        partial = [types.TextDocumentContentChangePartial(*change) for change in changes]
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, partial))

    def save(self, uri: str) -> None:
        """Say that a document was saved; the file is the test's to write."""
        document = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(document))

    def changed_on_disk(self, path: Path, kind: types.FileChangeType) -> None:
        """Say what another program did to a file."""
        event = types.FileEvent(path.as_uri(), kind)
        params = types.DidChangeWatchedFilesParams([event])
        self.client.workspace_did_change_watched_files(params)

    def change_folders(self, added: Sequence[Path] = (), removed: Sequence[Path] = ()) -> None:
        """Open and close folders of the workspace."""
        event = types.WorkspaceFoldersChangeEvent(
            list(map(workspace_folder, added)), list(map(workspace_folder, removed))
        )
        params = types.DidChangeWorkspaceFoldersParams(event)
        self.client.workspace_did_change_workspace_folders(params)

    async def indexed(self) -> Any:
        """Wait until the workspace is indexed as it is by now; give what is known of it."""
        async with asyncio.timeout(READY_WITHIN):
            while (index := (await self.status()).index).building:
                await asyncio.sleep(0.05)
        return index

    def close(self, uri: str) -> None:
        document = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_close(types.DidCloseTextDocumentParams(document))

    def request(
        self,
        uri: str,
        at: types.Position,
        kind: types.InlineCompletionTriggerKind = types.InlineCompletionTriggerKind.Automatic,
    ) -> asyncio.Future[types.InlineCompletionList | None]:
        """Send a request and do not wait for its answer."""
        context = types.InlineCompletionContext(kind)
        params = types.InlineCompletionParams(context, types.TextDocumentIdentifier(uri), at)
        return asyncio.wrap_future(
            self.client.protocol.send_request(types.TEXT_DOCUMENT_INLINE_COMPLETION, params)
        )

    async def send_raw(self, method: str, params: Any) -> Any:
        """Send a request whose parameters need not fit its method."""
        protocol = self.client.protocol
        answer: Future[Any] = Future()
        protocol._request_futures["raw"] = answer
        protocol._send_data({"jsonrpc": "2.0", "id": "raw", "method": method, "params": params})
        return await asyncio.wait_for(asyncio.wrap_future(answer), READY_WITHIN)

    async def complete(self, uri: str, at: types.Position) -> list[types.InlineCompletionItem]:
        """Ask for a completion; an empty answer is an empty list."""
        result = await asyncio.wait_for(self.request(uri, at), READY_WITHIN)
        return list(result.items) if result is not None else []

    async def complete_when_ready(
        self, uri: str, at: types.Position
    ) -> list[types.InlineCompletionItem]:
        """Ask again and again, as somebody who types on, until there is an answer."""
        end = time.monotonic() + READY_WITHIN
        while time.monotonic() < end:
            if items := await self.complete(uri, at):
                return items
            await asyncio.sleep(0.02)
        raise AssertionError(f"no completion within {READY_WITHIN} s: {await self.status()}")

    async def command(self, name: str, *arguments: Any) -> Any:
        """Run a command; objects in its result have attributes."""
        params = types.ExecuteCommandParams(name, list(arguments))
        result = await self.client.workspace_execute_command_async(params)
        return json.loads(json.dumps(result), object_hook=lambda item: SimpleNamespace(**item))

    async def status(self) -> Any:
        return await self.command("leanwide.status")

    async def last_request(self) -> Any:
        """The newest record of a request; work of idle moments is none."""
        records = reversed(await self.records())
        return next(record for record in records if record.source != "ahead")

    async def records(self) -> list[Any]:
        return list(await self.command("leanwide.lastRequest"))

    async def engine_process(self) -> int:
        """The process id of the engine: the one child of the server, which may be starting it."""
        server = self.client._server
        assert server is not None
        file = Path(f"/proc/{server.pid}/task/{server.pid}/children")
        async with asyncio.timeout(20):
            while not (children := file.read_text().split()):
                await asyncio.sleep(0.01)
        return int(children[0])

    @asynccontextmanager
    async def held_engine(self) -> AsyncIterator[None]:
        """Let the engine stand still meanwhile, so that nothing can be answered yet."""
        engine = await self.engine_process()
        os.kill(engine, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(engine, signal.SIGCONT)


def workspace_folder(path: Path) -> types.WorkspaceFolder:
    return types.WorkspaceFolder(path.as_uri(), path.name)


@asynccontextmanager
async def session(
    options: dict[str, Any] | None = None,
    encoding: types.PositionEncodingKind = types.PositionEncodingKind.Utf16,
    root: Path | None = None,
    command: Sequence[str] = (PROGRAM, "serve"),
    more: Callable[[types.ClientCapabilities], object] = lambda _: None,
    folders: Sequence[Path] = (),
) -> AsyncIterator[Session]:
    """Start the program, initialize it, and shut it down in the end.

    ``more`` may add to what the client says it can do. ``root`` is for clients that know one folder
    only, ``folders`` for the others.
    """
    client = await ClientServerConfig(server_command=list(command)).start()
    assert isinstance(client, LanguageClient)
    editor = Session(client, root.as_uri() if root is not None else "file:///project")
    capabilities = types.ClientCapabilities(
        general=types.GeneralClientCapabilities(position_encodings=[encoding]),
        workspace=types.WorkspaceClientCapabilities(
            did_change_watched_files=types.DidChangeWatchedFilesClientCapabilities(
                dynamic_registration=True
            )
        ),
        window=types.WindowClientCapabilities(work_done_progress=True),
    )
    more(capabilities)
    result = await client.initialize_session(
        types.InitializeParams(
            capabilities=capabilities,
            root_uri=root.as_uri() if root is not None else None,
            workspace_folders=list(map(workspace_folder, folders)) or None,
            initialization_options=options,
        )
    )
    editor.capabilities = result.capabilities
    try:
        yield editor
    finally:
        await client.shutdown_session()
        await client.stop()
