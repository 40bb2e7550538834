"""Progress bars in the editor for work that takes long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

from lsprotocol import types
from pygls.lsp.server import LanguageServer


def announce(server: LanguageServer, token: str) -> str | None:
    """Announce a token to the client and return it; None where the client shows no progress."""
    window = server.client_capabilities.window
    if window is None or not window.work_done_progress:
        return None
    # Messages keep their order, so the client knows the token before its first report.
    server.window_work_done_progress_create(types.WorkDoneProgressCreateParams(token))
    return token


@contextmanager
def cancellable(
    server: LanguageServer, token: str | int | None, cancel: Callable[[], object]
) -> Iterator[None]:
    """Call ``cancel`` when the user cancels the progress of a token within the block."""
    if token is None:
        yield
        return
    asked: Future[None] = Future()
    asked.add_done_callback(lambda _: cancel())
    tokens = server.protocol.progress.tokens  # where pygls looks for what a client cancels
    tokens[token] = asked
    try:
        yield
    finally:
        tokens.pop(token, None)


class ProgressBar:
    """One bar, from its beginning to its end.

    Args:
        server: The server whose client is to show it.
        token: A token that the client knows; None: nothing is shown.
        begin: What is done, and how much of it.
    """

    def __init__(
        self, server: LanguageServer, token: str | int | None, begin: types.WorkDoneProgressBegin
    ) -> None:
        self._server, self._token = server, token
        self._send(begin)

    def report(self, percentage: int, message: str = "") -> None:
        """Show how much is done, with a message about it."""
        message = message or f"{percentage} %"
        self._send(types.WorkDoneProgressReport(percentage=percentage, message=message))

    def end(self, message: str | None = None) -> None:
        """Remove the bar."""
        self._send(types.WorkDoneProgressEnd(message=message))

    def _send(self, value: Any) -> None:
        if self._token is not None:
            self._server.progress(types.ProgressParams(token=self._token, value=value))
