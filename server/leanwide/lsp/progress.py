"""Progress bars in the editor for work that takes long."""

from __future__ import annotations

from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer


class ProgressBar:
    """One bar, from its beginning to its end; does nothing where the client shows none.

    Args:
        server: The server whose client is to show it.
        token: A token that no other bar has.
        title: What is done.
        percentage: How much of it is done; None where that is not known.
    """

    def __init__(
        self, server: LanguageServer, token: str, title: str, percentage: int | None = None
    ) -> None:
        self._server, self._token = server, token
        window = server.client_capabilities.window
        self._shown = window is not None and bool(window.work_done_progress)
        if self._shown:
            # Messages keep their order, so the client knows the token before its first report.
            server.window_work_done_progress_create(types.WorkDoneProgressCreateParams(token))
        self._send(types.WorkDoneProgressBegin(title=title, percentage=percentage))

    def report(self, percentage: int, message: str = "") -> None:
        """Show how much is done, with a message about it."""
        message = message or f"{percentage} %"
        self._send(types.WorkDoneProgressReport(percentage=percentage, message=message))

    def end(self, message: str | None = None) -> None:
        """Remove the bar."""
        self._send(types.WorkDoneProgressEnd(message=message))

    def _send(self, value: Any) -> None:
        if self._shown:
            self._server.progress(types.ProgressParams(token=self._token, value=value))
