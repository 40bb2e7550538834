"""What the user sees without asking: status, progress, and one message for each failure."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from leanwide.context.view import View
from leanwide.engine.base import EngineState, EngineStatus
from leanwide.engine.requests import PrefillProgress
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.lsp.convert import camel_case, position_of
from leanwide.lsp.documents import DocumentWorkspace
from leanwide.lsp.progress import ProgressBar, announce
from leanwide.lsp.unread_files import UnreadFiles

logger = logging.getLogger(__name__)

STATUS: Final = "leanwide/status"
READY: Final = "leanwide/suggestionReady"
_LOADING: Final = (EngineState.STARTING, EngineState.LOADING)
_INDEXING_S: Final = 2.0
"""Seconds after which indexing is worth showing."""
_QUESTION_S: Final = 1.0
"""Seconds after which the prefill of a question is worth showing."""
_POLL_S: Final = 0.5
"""Seconds between two checks that the index is built."""
_TROUBLE: Final = (EngineState.FAILED, EngineState.DEGRADED)


class QuestionBar:
    """A bar that shows the prefill of a question, and that the model thinks."""

    def __init__(self, new_bar: Callable[[str, int | None], ProgressBar]) -> None:
        self._new_bar = new_bar
        self._started = time.monotonic()
        self._bar: ProgressBar | None = None
        self._shown = ""

    def read(self, prefill: PrefillProgress) -> None:
        """Show how much of the prompt is read."""
        share = 100 * prefill.tokens // max(1, prefill.of)
        self._show(share, f"{share} % of {prefill.of:,} tokens read")

    def think(self) -> None:
        """Show that the model thinks."""
        self._show(100, "thinking")

    def end(self) -> None:
        """Remove the bar."""
        if self._bar is not None:
            self._bar.end()
            self._bar = None

    def _show(self, percentage: int, message: str) -> None:
        """Show a new message, once the question has lasted long enough."""
        if time.monotonic() - self._started < _QUESTION_S or message == self._shown:
            return
        self._shown = message
        if self._bar is None:
            self._bar = self._new_bar("leanwide: question", 0)
        self._bar.report(percentage, message)


class Feedback:
    """Shows the engine's state in the editor, each message once.

    Args:
        server: The server whose client shows it.
        status_params: Returns the parameters of ``leanwide/status``.
    """

    def __init__(
        self, server: LanguageServer, status_params: Callable[[EngineStatus], dict[str, Any]]
    ) -> None:
        self._server, self._status_params = server, status_params
        self._told: set[str] = set()
        """Messages about the engine in use and its models."""
        self._trouble: set[str] = set()
        """Messages about what is wrong with it since it last recovered."""
        self._sent_status = False
        """Whether the client was sent any status."""
        self._recoveries = 0
        self._bars = 0
        self._load: ProgressBar | None = None
        self._following_index = False
        self._problems: Sequence[str] = ()
        """What is wrong with the settings, as shown last."""
        self.unread = UnreadFiles(lambda text: self._show(text, types.MessageType.Warning))

    def follow(self, status: EngineStatus) -> None:
        """Show a change of the engine's status."""
        self.send_status(status)
        if status.recoveries != self._recoveries:
            self._recoveries = status.recoveries
            self._trouble.clear()
        if status.state in _TROUBLE:
            self.tell_trouble(status.reason, types.MessageType.Error)
        elif status.state is EngineState.IDLE and status.reason:
            self.tell_once(status.reason, types.MessageType.Warning)
        if status.state not in _LOADING:
            self._end_load(status)
        elif self._load is None:
            self._load = self._new_bar("leanwide: loading the model", 0)
        else:
            self._load.report(round(100 * status.progress))

    def engine_replaced(self, status: EngineStatus) -> None:
        """Show the status of another engine in place of what is shown of the one before."""
        self._told.clear()
        self._trouble.clear()
        self._recoveries = status.recoveries
        self._end_load(status)
        if self._sent_status:
            self.send_status(status)

    def send_status(self, status: EngineStatus) -> None:
        """Send ``leanwide/status``."""
        self._sent_status = True
        self._server.protocol.notify(STATUS, self._status_params(status))

    def tell_more(self, view: View, documents: DocumentWorkspace) -> None:
        """Notify a client that takes it that more of the suggestion at a view's cursor is ready."""
        if not _takes_ready(self._server.client_capabilities):
            return
        if documents.opened(view.uri) is not None:  # a notebook's cells have URIs of their own
            document = {"uri": view.uri, "version": view.version}
            position = position_of(view, documents)
            params = {"textDocument": document, "position": camel_case(position)}
            self._server.protocol.notify(READY, params)

    def tell_once(self, text: str, kind: types.MessageType) -> None:
        """Show a message about the engine or its models, once until another engine is used."""
        self._tell(text, kind, self._told)

    def tell_trouble(self, text: str, kind: types.MessageType) -> None:
        """Show what is wrong with the engine, once until it recovers."""
        self._tell(text, kind, self._trouble)

    def tell_problems(self, problems: Sequence[str]) -> None:
        """Show what is wrong with the settings in one message, unless that was shown last."""
        if problems and problems != self._problems:
            self._show("\n".join(problems), types.MessageType.Warning)
        self._problems = problems

    async def follow_index(self, workspace: WorkspaceContext) -> None:
        """Show one bar while the workspace is indexed, if that takes long."""
        await asyncio.sleep(_INDEXING_S)
        if self._following_index or not workspace.building:
            return
        self._following_index = True
        bar = self._new_bar("leanwide: looking at the workspace")
        while workspace.building:  # noqa: ASYNC110  # a thread builds it
            await asyncio.sleep(_POLL_S)
        bar.end()
        self._following_index = False

    def progress_token(self) -> str | None:
        """Return a new token for a progress bar; None where the client shows none."""
        self._bars += 1
        return announce(self._server, f"leanwide/{self._bars}")

    def stages(self) -> QuestionBar:
        """Return a bar for a question."""
        return QuestionBar(self._new_bar)

    def _tell(self, text: str, kind: types.MessageType, told: set[str]) -> None:
        if text in told:
            return
        told.add(text)
        self._show(text, kind)

    def _show(self, text: str, kind: types.MessageType) -> None:
        logger.warning("%s", text)
        self._server.window_show_message(types.ShowMessageParams(type=kind, message=text))

    def _end_load(self, status: EngineStatus) -> None:
        if self._load is not None:
            self._load.end(status.state.value)
            self._load = None

    def _new_bar(self, title: str, percentage: int | None = None) -> ProgressBar:
        begin = types.WorkDoneProgressBegin(title=title, percentage=percentage)
        return ProgressBar(self._server, self.progress_token(), begin)


def _takes_ready(client: types.ClientCapabilities) -> bool:
    """Whether a client names the notification; others may warn of one that they do not know."""
    experimental = client.experimental
    own = experimental.get("leanwide") if isinstance(experimental, dict) else None
    return isinstance(own, dict) and own.get("suggestionReady") is True
