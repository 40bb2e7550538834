"""What the user sees without asking: status, load progress, and one message for a failure."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final

from lsprotocol import types

from leanwide.engine.base import EngineState, EngineStatus
from leanwide.lsp.convert import status_params

if TYPE_CHECKING:
    from leanwide.server import Server

logger = logging.getLogger(__name__)

STATUS: Final = "leanwide/status"
_LOADING: Final = (EngineState.STARTING, EngineState.LOADING)
_TROUBLE: Final = (EngineState.FAILED, EngineState.DEGRADED)


class Feedback:
    """Follows the engine and tells the editor, never twice the same."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._told: set[str] = set()
        self._loads = 0
        self._token: str | None = None

    def follow(self, status: EngineStatus) -> None:
        """Pass a change of the engine's status on."""
        self.send_status(status)
        if status.state in _TROUBLE:
            self.tell_once(status.reason, types.MessageType.Error)
        elif status.state is EngineState.IDLE and status.reason:
            self.tell_once(status.reason, types.MessageType.Warning)
        self._show_progress(status)

    def send_status(self, status: EngineStatus) -> None:
        """Send ``leanwide/status``."""
        server = self._server
        self._server.protocol.notify(
            STATUS, status_params(status, server.bench.engine.lanes, server.last_record)
        )

    def tell_once(self, text: str, kind: types.MessageType) -> None:
        """Show a message, unless it was shown before: never one per key."""
        if text in self._told:
            return
        self._told.add(text)
        logger.warning("%s", text)
        self._server.window_show_message(types.ShowMessageParams(type=kind, message=text))

    def _show_progress(self, status: EngineStatus) -> None:
        """Show one progress bar from the start of a load to its end."""
        loading = status.state in _LOADING
        if loading and self._token is None:
            self._begin()
        elif loading and self._token is not None:
            share = round(100 * status.progress)
            self._report(types.WorkDoneProgressReport(percentage=share, message=f"{share} %"))
        elif self._token is not None:
            self._report(types.WorkDoneProgressEnd(message=status.state.value))
            self._token = None

    def _begin(self) -> None:
        window = self._server.client_capabilities.window
        if window is None or not window.work_done_progress:
            return
        self._loads += 1
        self._token = f"leanwide/load/{self._loads}"
        # Messages keep their order, so the token is known to the client before its first report.
        self._server.window_work_done_progress_create(
            types.WorkDoneProgressCreateParams(token=self._token)
        )
        begin = types.WorkDoneProgressBegin(title="leanwide: loading the model", percentage=0)
        self._report(begin)

    def _report(self, value: Any) -> None:
        if self._token is not None:
            self._server.progress(types.ProgressParams(token=self._token, value=value))
