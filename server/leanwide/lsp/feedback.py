"""What the user sees without asking: status, load progress, and one message for a failure."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lsprotocol import types

from leanwide.context.view import View
from leanwide.engine.base import EngineState, EngineStatus, PrefillProgress
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.files.reader import UnreadableFile
from leanwide.files.shown import unread_notice
from leanwide.lsp.convert import camel_case, position_of, status_params
from leanwide.lsp.progress import ProgressBar

if TYPE_CHECKING:
    from leanwide.lsp.session import Server

logger = logging.getLogger(__name__)

STATUS: Final = "leanwide/status"
READY: Final = "leanwide/suggestionReady"
_LOADING: Final = (EngineState.STARTING, EngineState.LOADING)
_LASTS_S: Final = 2.0
"""Seconds after which work on the index is worth showing."""
_QUESTION_S: Final = 1.0
"""Seconds after which it is worth showing that a question is read."""
_LOOK_S: Final = 0.5
"""Seconds between two looks at whether it is done."""
_GATHERED_S: Final = 1.0
"""Seconds in which ignore files that do not count are gathered for one message."""
_TROUBLE: Final = (EngineState.FAILED, EngineState.DEGRADED)


class QuestionBar:
    """A bar that shows how far a question is read, and that the model thinks."""

    def __init__(self, new_bar: Callable[[str, int | None], ProgressBar]) -> None:
        self._new_bar = new_bar
        self._began = time.monotonic()
        self._bar: ProgressBar | None = None
        self._told = ""

    def read(self, how_far: PrefillProgress) -> None:
        """Show how much of the prompt is read."""
        share = 100 * how_far.tokens // max(1, how_far.of)
        self._show(share, f"{share} % of {how_far.of:,} tokens read")

    def think(self) -> None:
        """Show that the model thinks."""
        self._show(100, "thinking")

    def end(self) -> None:
        """Take the bar away."""
        if self._bar is not None:
            self._bar.end()
            self._bar = None

    def _show(self, percentage: int, message: str) -> None:
        """Show something new, of a question that lasts."""
        if time.monotonic() - self._began < _QUESTION_S or message == self._told:
            return
        self._told = message
        if self._bar is None:
            self._bar = self._new_bar("leanwide: question", 0)
        self._bar.report(percentage, message)


class Feedback:
    """Follows the engine and tells the editor, never twice the same."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._told: set[str] = set()
        self._trouble: set[str] = set()
        """What was told of the engine since it last recovered."""
        self._recoveries = 0
        self._bars = 0
        self._load: ProgressBar | None = None
        self._following_index = False
        self._unread: dict[Path, str] = {}

    def follow(self, status: EngineStatus) -> None:
        """Pass a change of the engine's status on."""
        self.send_status(status)
        if status.recoveries != self._recoveries:
            self._recoveries = status.recoveries
            self._trouble.clear()
        if status.state in _TROUBLE:
            self.tell_trouble(status.reason, types.MessageType.Error)
        elif status.state is EngineState.IDLE and status.reason:
            self.tell_once(status.reason, types.MessageType.Warning)
        self._show_progress(status)

    def send_status(self, status: EngineStatus) -> None:
        """Send ``leanwide/status``."""
        server = self._server
        lanes, last = server.session.backend.engine.lanes, server.last_record
        server.protocol.notify(STATUS, status_params(status, lanes, last, server.session.pinned))

    def tell_more(self, view: View) -> None:
        """Tell the client that there is more of a suggestion at a view's cursor than it has."""
        documents = self._server.documents
        if documents.opened(view.uri) is not None:  # a notebook's cells have URIs of their own
            document = {"uri": view.uri, "version": view.version}
            position = position_of(view, documents)
            params = {"textDocument": document, "position": camel_case(position)}
            self._server.protocol.notify(READY, params)

    def tell_once(self, text: str, kind: types.MessageType) -> None:
        """Show a message, unless it was shown before: never one per key."""
        self._tell(text, kind, self._told)

    def tell_trouble(self, text: str, kind: types.MessageType) -> None:
        """Show what is wrong with the engine, once until it has served again."""
        self._tell(text, kind, self._trouble)

    def note_unread(self, unread: UnreadableFile) -> None:
        """Tell of ignore files that do not count: of all that were met in a moment, and once."""
        if not self._unread:
            asyncio.get_running_loop().call_later(_GATHERED_S, self._tell_unread)
        self._unread.setdefault(unread.path, unread.reason)

    def _tell_unread(self) -> None:
        unread = [UnreadableFile(path, why) for path, why in self._unread.items()]
        self.tell_once(unread_notice(unread), types.MessageType.Warning)

    async def follow_index(self, elsewhere: WorkspaceContext) -> None:
        """Show that the workspace is indexed, where that lasts; in one bar, until it is done."""
        await asyncio.sleep(_LASTS_S)
        if self._following_index or not elsewhere.building:
            return
        self._following_index = True
        bar = self._new_bar("leanwide: looking at the workspace")
        while elsewhere.building:  # noqa: ASYNC110  # a thread builds it
            await asyncio.sleep(_LOOK_S)
        bar.end()
        self._following_index = False

    def stages(self) -> QuestionBar:
        """Make a bar for a question."""
        return QuestionBar(self._new_bar)

    def _tell(self, text: str, kind: types.MessageType, told: set[str]) -> None:
        if text in told:
            return
        told.add(text)
        logger.warning("%s", text)
        self._server.window_show_message(types.ShowMessageParams(type=kind, message=text))

    def _show_progress(self, status: EngineStatus) -> None:
        """Show one progress bar from the start of a load to its end."""
        loading = status.state in _LOADING
        if loading and self._load is None:
            self._load = self._new_bar("leanwide: loading the model", 0)
        elif loading and self._load is not None:
            self._load.report(round(100 * status.progress))
        elif self._load is not None:
            self._load.end(status.state.value)
            self._load = None

    def _new_bar(self, title: str, percentage: int | None = None) -> ProgressBar:
        self._bars += 1
        return ProgressBar(self._server, f"leanwide/{self._bars}", title, percentage)
