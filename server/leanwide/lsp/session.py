"""A session: what the handlers of one connection share. All of it belongs to the asyncio loop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any, BinaryIO, Final

from lsprotocol import types
from pygls.exceptions import FeatureRequestError
from pygls.lsp.server import LanguageServer

from leanwide import __version__
from leanwide.engine.base import Engine
from leanwide.features.ask.conversations import Conversations
from leanwide.features.completion.saved_places import save_places, save_when_idle
from leanwide.features.completion.state import CompletionState
from leanwide.features.journal import AnswerSource, Record
from leanwide.features.session import Backend, Preferences, Session
from leanwide.lsp.documents import DocumentWorkspace
from leanwide.lsp.feedback import Feedback
from leanwide.lsp.folders import Folders
from leanwide.lsp.notebooks import SYNC
from leanwide.lsp.pages import Pages
from leanwide.lsp.protocol import Protocol
from leanwide.lsp.requests import LiveRequests
from leanwide.lsp.rpc.life import serve_stdio
from leanwide.lsp.rpc.tcp import serve_tcp
from leanwide.modes.profile import Mode
from leanwide.options import Layer, Options, parse

logger = logging.getLogger(__name__)

_LAST_S: Final = 0.3
"""Seconds that places may take to be kept when everything ends."""

Launch = Callable[[Options], Engine]
"""Makes the engine that the options ask for; it is started later, when there is work."""

Restrict = Callable[[Layer], tuple[Layer, tuple[str, ...]]]
"""Returns what of a layer may be set, and what was wrong with the rest, for the user."""


class Server(LanguageServer):
    """What the handlers share. All of it belongs to the asyncio loop."""

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
            "leanwide", __version__, protocol_cls=Protocol, notebook_document_sync=SYNC
        )
        self._launch = launch
        self._restrict = restrict
        self._user_layers = layers
        self._user_problems = problems
        self._editor_layer = Layer("the editor's settings", {})
        self._refused: tuple[str, ...] = ()
        """What the editor's settings may not say here."""
        self.live = LiveRequests()
        self.explaining = LiveRequests()
        self.chatting = LiveRequests()
        self.chats = Conversations()
        self.feedback = Feedback(self)
        self.folders = Folders(self.feedback.note_unread)
        self.watches_files = False
        """The client was asked to tell of changed files."""
        self.editing = LiveRequests()
        self.pages = Pages(self)
        self.accepted = 0
        self.options, _ = parse(*layers)
        self._problems = problems
        self.session = Session(
            backend=self._new_backend(),
            profiles=self.options.profiles,
            preferences=preferences_of(self.options),
            texts=texts,
            workspace=self.folders.elsewhere,
            names=self.folders.names,
            notify=lambda text: self.feedback.tell_once(text, types.MessageType.Info),
            stages=self.feedback.stages,
        )
        self.completion = self._new_completion()
        self.upkeep: asyncio.Task[None] | None = None
        """Looks after battery, memory and idle lanes, from initialized to shutdown."""
        self._closing: asyncio.Future[Any] | None = None

    @property
    def documents(self) -> DocumentWorkspace:
        """The open documents."""
        workspace = self.workspace
        assert isinstance(workspace, DocumentWorkspace)  # noqa: S101  # set by initialize
        return workspace

    @property
    def last_record(self) -> Record | None:
        """The newest request that the model worked on."""
        records = reversed(self.session.journal.records)
        return next((record for record in records if record.source is AnswerSource.MODEL), None)

    def serves(self, language_id: str) -> bool:
        """Whether the user wants completions in this language."""
        return language_id not in self.options.languages.off

    def build_index(self) -> None:
        """Begin to index the workspace in the background, where there is one."""
        documents = self.workspace.text_documents.values()
        self.folders.build_index(document.path for document in documents if document.path)

    async def configure(
        self, *, editor: Layer | None = None, folders: Sequence[str] | None = None
    ) -> None:
        """Lay the editor's settings and the workspace's over the user's; None are as before.

        Where they ask for another engine, it is started again; it loads when it is needed.
        """
        async with self.folders.changing():
            if editor is not None:
                self._editor_layer, self._refused = self._restrict(editor)
            if folders is not None:
                await self.folders.open(folders)
            await self.use_folders()
            workspace, wrong = self.folders.layers
            options, found = parse(*self._user_layers, *workspace, self._editor_layer)
            self._problems = (*self._user_problems, *wrong, *self._refused, *found)
            before, self.options = self.options, options
            self.session.preferences = preferences_of(options)
            self.session.profiles = options.profiles
            if options.engine == before.engine:
                if options != before:
                    self.completion.forget_answers()
                return
            old, self.session.backend = self.session.backend, self._new_backend()
            self.completion.cancel_all()
            self.completion = self._new_completion()
        await old.engine.close()

    async def use_folders(self) -> None:
        """Go by the folders as they are now; windows hold what may be left alone by now."""
        if await self.folders.use(self._user_layers, self._editor_layer):
            self.completion.forget_windows()

    async def close(self) -> None:
        """End the engine and all that runs; a second call waits for the same end."""
        if self._closing is None:
            self.pages.close()
            if self.upkeep is not None:
                self.upkeep.cancel()
            self._closing = asyncio.gather(self._end_engine(), self.folders.elsewhere.close())
        await asyncio.shield(self._closing)

    async def _end_engine(self) -> None:
        """End the engine, which keeps on disk what it can in a moment: the process has to end."""
        self.completion.cancel_all()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LAST_S):
                await save_places(self.completion.windows, self.completion.saved)
        await self.session.backend.engine.close()

    async def save_when_idle(self, now: float) -> None:
        """Save the places of open documents, when no request came for a while."""
        await save_when_idle(self.completion.windows, self.completion.saved, now)

    def start_io(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        """Serve standard input and output to the end, which is the end of the process."""
        if stdin is not None or stdout is not None:
            raise NotImplementedError("only the process's own streams are served")
        raise SystemExit(serve_stdio(self))

    def start_tcp(self, host: str, port: int) -> None:
        """Serve a client over TCP to its end, which is the end of the process."""
        raise SystemExit(serve_tcp(self, host, port))

    def pin(self, mode: Mode | None) -> None:
        """Hold everything to a mode, until it is None again."""
        self.session.pinned = mode

    def tell_problems(self) -> None:
        """Show what was wrong with the settings, in one message."""
        if self._problems:
            self.feedback.tell_once("\n".join(self._problems), types.MessageType.Warning)

    def report_server_error(self, error: Exception, source: Any) -> None:
        """Log an error that answers no request; a message box would stop the user's work."""
        if source is not FeatureRequestError:
            where = traceback.extract_tb(error.__traceback__)[-1:]
            logger.error("%s: %s at %s", source.__name__, type(error).__name__, where)

    def _new_backend(self) -> Backend:
        engine = self._launch(self.options)
        engine.observe(self.feedback.follow)
        return Backend(engine=engine)

    def _new_completion(self) -> CompletionState:
        return CompletionState(session=self.session, notify_more=self.feedback.tell_more)


def preferences_of(options: Options) -> Preferences:
    """Return the options that requests ask for."""
    wishes = options.completion
    return Preferences(
        in_comments=wishes.in_comments,
        in_strings=wishes.in_strings,
        look_ahead=wishes.look_ahead,
        follow_cursor=wishes.follow_cursor,
        adapt=options.machine.adapt,
        close_after_minutes=options.machine.close_after_minutes,
        keep_prompts=options.cache.prompt_bytes > 0,
    )
