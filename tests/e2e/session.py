"""An editor for tests: it drives the real program over stdio."""

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
from pygls.protocol import default_converter
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
        """Places of ``leanwide/suggestionReady``."""
        self.versions: dict[str, int] = {}
        self.parts: dict[str | int, list[Any]] = {}
        """Parts of streaming answers, by token."""
        self.capabilities: types.ServerCapabilities
        self.registrations: list[types.Registration] = []

        def register(params: types.RegistrationParams) -> None:
            self.registrations += params.registrations

        def note(params: Any) -> None:
            self.statuses.append(params)

        def note_ready(params: Any) -> None:
            self.ready.append(params)

        client.feature(types.CLIENT_REGISTER_CAPABILITY)(register)
        client.feature("leanwide/status")(note)
        client.feature("leanwide/suggestionReady")(note_ready)
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
        """Insert text without a line break; return the position after it."""
        self.change(uri, types.Range(at, at), text)
        return types.Position(at.line, at.character + len(text))

    def change(self, uri: str, span: types.Range, text: str) -> None:
        self.change_several(uri, (span, text))

    def change_several(self, uri: str, *changes: tuple[types.Range, str]) -> None:
        """Send changes in one notification; each applies to the text after those before it."""
        self.versions[uri] += 1
        document = types.VersionedTextDocumentIdentifier(self.versions[uri], uri)
        partial = [types.TextDocumentContentChangePartial(*change) for change in changes]
        self.client.text_document_did_change(types.DidChangeTextDocumentParams(document, partial))

    def save(self, uri: str) -> None:
        """Notify that a document was saved; the test writes the file."""
        document = types.TextDocumentIdentifier(uri)
        self.client.text_document_did_save(types.DidSaveTextDocumentParams(document))

    def changed_on_disk(self, path: Path, kind: types.FileChangeType) -> None:
        """Notify that another program changed a file."""
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
        """Wait until the workspace is indexed; return the status of the index."""
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
        message = {"jsonrpc": "2.0", "id": "raw", "method": method, "params": params}
        protocol._request_futures["raw"] = answer  # pygls checks parameters
        protocol._send_data(message)  # likewise
        return await asyncio.wait_for(asyncio.wrap_future(answer), READY_WITHIN)

    async def complete(self, uri: str, at: types.Position) -> list[types.InlineCompletionItem]:
        """Ask for a completion; an empty answer is an empty list."""
        result = await asyncio.wait_for(self.request(uri, at), READY_WITHIN)
        return list(result.items) if result is not None else []

    async def complete_when_ready(
        self, uri: str, at: types.Position
    ) -> list[types.InlineCompletionItem]:
        """Ask until there is an answer, as an editor does with every key."""
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
        """Return the newest record of a request, without prefetches."""
        records = reversed(await self.records())
        return next(record for record in records if record.source != "ahead")

    async def records(self) -> list[Any]:
        return list(await self.command("leanwide.lastRequest"))

    @property
    def server(self) -> asyncio.subprocess.Process:
        """The server's process."""
        process = self.client._server  # pygls has no public name for it
        assert isinstance(process, asyncio.subprocess.Process)
        return process

    async def engine_process(self) -> int:
        """Wait for the engine's process, the server's only child; return its id."""
        server = self.server
        file = Path(f"/proc/{server.pid}/task/{server.pid}/children")
        async with asyncio.timeout(20):
            while not (children := file.read_text().split()):
                await asyncio.sleep(0.01)
        return int(children[0])

    @asynccontextmanager
    async def held_engine(self) -> AsyncIterator[None]:
        """Stop the engine's process meanwhile, so that nothing is answered."""
        engine = await self.engine_process()
        os.kill(engine, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(engine, signal.SIGCONT)


def unstructured(value: Any) -> Any:
    """Return what is sent for a value of LSP."""
    return default_converter().unstructure(value)


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
    """Start the program, initialize it, and shut it down at the end.

    ``more`` may add to the client's capabilities. ``root`` is for clients that know one
    folder only, ``folders`` for the others.
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
        experimental={"leanwide": {"suggestionReady": True}},
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
