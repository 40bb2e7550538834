"""A session: the state that the handlers of one connection share."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, Final

import attrs
from lsprotocol import types
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer

from leanwide import __version__
from leanwide.engine.base import Engine, EngineStatus
from leanwide.features.acceptance.counter import AcceptanceCounter
from leanwide.features.acceptance.counts_file import CountsFile
from leanwide.features.ask.conversations import Conversations
from leanwide.features.completion.saved_places import save_places, save_when_idle
from leanwide.features.completion.state import CompletionState
from leanwide.features.edit.attempts import Attempts
from leanwide.features.journal import AnswerSource, Record
from leanwide.features.model_pulls import ModelPulls
from leanwide.features.next_edit.state import NextEditState
from leanwide.features.session import Backend, Session
from leanwide.lsp.arguments import argument_converter
from leanwide.lsp.convert import status_params
from leanwide.lsp.documents import DocumentWorkspace
from leanwide.lsp.feedback import Feedback
from leanwide.lsp.folders import Folders
from leanwide.lsp.notebooks import SYNC
from leanwide.lsp.pages import Pages
from leanwide.lsp.protocol import Protocol
from leanwide.lsp.requests import LiveRequests
from leanwide.lsp.rpc.life import serve_stdio
from leanwide.lsp.rpc.logged import log_error
from leanwide.lsp.rpc.tcp import serve_tcp
from leanwide.modes.machine import UNKNOWN
from leanwide.options import Layer, Options, parse

logger = logging.getLogger(__name__)

_SAVE_S: Final = 0.3
"""Seconds in which KV caches may be saved when the session ends."""

_NOTHING_CHOSEN: Final = Layer("the model that you chose", {})

Launch = Callable[[Options], Engine]
"""Creates the engine that the options ask for; it loads the model later, when there is work."""

Restrict = Callable[[Layer], tuple[Layer, tuple[str, ...]]]
"""Returns what of a layer may be set, and the problems with the rest, for the user."""


class Server(LanguageServer):
    """The session of one client. Used by the asyncio loop only."""

    protocol: Protocol

    def __init__(
        self,
        launch: Launch,
        layers: tuple[Layer, ...],
        problems: tuple[str, ...],
        texts: Mapping[str, str],
        restrict: Restrict,
    ) -> None:
        super().__init__(
            "leanwide",
            __version__,
            protocol_cls=Protocol,
            converter_factory=argument_converter,
            notebook_document_sync=SYNC,
        )
        self._launch = launch
        self._restrict = restrict
        self._user_layers = layers
        self._user_problems = problems
        self._editor_layer = Layer("the editor's settings", {})
        self._chosen = _NOTHING_CHOSEN
        self._refused: tuple[str, ...] = ()
        """Problems with what the editor's settings may not set."""
        self.live = LiveRequests()
        self.chats = Conversations()
        self.attempts = Attempts()
        self.pulls = ModelPulls()
        self.feedback = Feedback(self, self.status_params)
        self.folders = Folders(self.feedback.unread.note)
        self.watches_files = False
        """The client was asked to report changed files."""
        self.pages = Pages(self)
        self.options, _ = parse(*layers)
        self.acceptance = AcceptanceCounter(CountsFile(), lambda: self.options.statistics.keep)
        self.problems = problems
        """What is wrong with the settings in force, for the user."""
        self.session = Session(
            backend=self._new_backend(self.options),
            profiles=self.options.profiles,
            preferences=self.options.preferences,
            texts=texts,
            workspace=self.folders.workspace,
            names=self.folders.names,
            notify=lambda text: self.feedback.tell_once(text, types.MessageType.Info),
            stages=self.feedback.stages,
        )
        self.completion = self._new_completion()
        self.next_edits = NextEditState(session=self.session)
        self.monitor: asyncio.Task[None] | None = None
        """Watches battery, memory and idle lanes, from ``initialized`` to ``shutdown``."""
        self._closing: asyncio.Future[Any] | None = None

    @property
    def documents(self) -> DocumentWorkspace:
        """The open documents, once the client has sent ``initialize``."""
        workspace = self.workspace
        assert isinstance(workspace, DocumentWorkspace)  # noqa: S101  # set by initialize
        return workspace

    def serves(self, language_id: str) -> bool:
        """Whether the user wants completions in this language."""
        return language_id not in self.options.languages.off

    def status_params(self, status: EngineStatus) -> dict[str, Any]:
        """Return the parameters of ``leanwide/status`` for a status of the engine."""
        records = reversed(self.session.journal.records)
        asked = (record for record in records if record.source is AnswerSource.MODEL)
        last: Record | None = next(asked, None)
        lanes = self.session.backend.engine.lanes
        return status_params(status, lanes, last, self.session.pinned)

    def build_index(self) -> None:
        """Start to index the workspace in the background, where there is one."""
        documents = self.workspace.text_documents.values()
        self.folders.build_index(document.path for document in documents if document.path)

    async def configure(
        self, *, editor: Layer | None = None, folders: Sequence[str] | None = None
    ) -> None:
        """Apply the editor's settings and the workspace's on top of the user's.

        Options that need another engine start one; it loads its model where there is work. Where
        it cannot be created, the error is raised, and options and engine stay as they are.

        Args:
            editor: The editor's settings; None leaves them as they are.
            folders: The paths of the open folders; None leaves them as they are.
        """
        async with self.folders.changing():
            if editor is not None:
                self._editor_layer, self._refused = self._restrict(editor)
                self._chosen = _NOTHING_CHOSEN
            if folders is not None:
                await self.folders.open(folders)
            await self.use_folders()
            workspace, wrong = self.folders.layers
            options, found = parse(*self._user_layers, *workspace, self._editor_layer, self._chosen)
            self.problems = (*self._user_problems, *wrong, *self._refused, *found)
            old = self._use_options(options)
        if old is not None:
            await old.close()  # first, so that two models are not loaded at a time
            documents = self.documents.text_documents.values()
            if any(self.serves(document.language_id or "") for document in documents):
                self.session.backend.engine.start()

    async def choose(self, settings: Mapping[str, Any]) -> None:
        """Apply the settings of a model that the user chose, until the editor sends settings."""
        self._chosen = attrs.evolve(_NOTHING_CHOSEN, values=settings)
        await self.configure()

    def refusal(self, settings: Mapping[str, Any]) -> str | None:
        """Return why this session may not apply such settings, a sentence; None if it may."""
        _, problems = self._restrict(Layer("this session", settings))
        return problems[0] if problems else None

    def _use_options(self, options: Options) -> Engine | None:
        """Use other options; return the engine that they replace, if they concern it."""
        replaces = options.engine != self.options.engine
        backend = self._new_backend(options) if replaces else self.session.backend
        self.options = options
        self.session.preferences = options.preferences
        self.session.profiles = options.profiles
        if not options.preferences.adapt:
            self.session.backend.machine = UNKNOWN
        if not replaces:
            return None
        old = self.session.backend.engine
        self.completion.forget_all()
        self.session.backend = backend
        self.completion = self._new_completion()
        self.feedback.engine_replaced(backend.engine.status)
        return old

    async def use_folders(self) -> None:
        """Apply the folders' exclusions; windows may hold text that is excluded now."""
        if await self.folders.use(self._user_layers, self._editor_layer):
            self.completion.forget_all()

    async def close(self) -> None:
        """End the engine and all work; a second call waits for the same end."""
        if self._closing is None:
            self.pages.close()
            if self.monitor is not None:
                self.monitor.cancel()
            self._closing = asyncio.gather(
                self._close_engine(), self.folders.workspace.close(), self.acceptance.close()
            )
        await asyncio.shield(self._closing)

    async def _close_engine(self) -> None:
        """End the engine, after it has saved what it can in :data:`_SAVE_S`."""
        self.completion.cancel_all()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SAVE_S):
                await save_places(self.completion.windows, self.completion.saved)
        await self.session.backend.engine.close()

    def save_when_idle(self, now: float) -> None:
        """Begin to save the KV caches of open documents, if there was no request for a while."""
        save_when_idle(self.completion.windows, self.completion.saved, now)

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Serve standard input and output, then end the process."""
        if stdin is not None or stdout is not None:
            raise NotImplementedError("only the process's own streams are served")
        raise SystemExit(serve_stdio(self))

    def start_tcp(self, host: str, port: int) -> None:
        """Serve one client over TCP, then end the process."""
        raise SystemExit(serve_tcp(self, host, port))

    def tell_problems(self) -> None:
        """Show what is wrong with the settings in force."""
        self.feedback.tell_problems(self.problems)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log an error that answers no request; a message box would interrupt the user."""
        if source is not FeatureRequestError:
            log_error(source.__name__, error)

    def _new_backend(self, options: Options) -> Backend:
        engine = self._launch(options)
        engine.observe(lambda status: self._follow(engine, status))
        return Backend(engine=engine)

    def _follow(self, engine: Engine, status: EngineStatus) -> None:
        """Show a change of an engine's status, unless another engine has replaced it."""
        if engine is self.session.backend.engine:
            self.feedback.follow(status)

    def _new_completion(self) -> CompletionState:
        return CompletionState(
            session=self.session,
            notify_more=lambda view: self.feedback.tell_more(view, self.documents),
        )
