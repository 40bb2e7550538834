"""What pygls's protocol class lacks: an answer to malformed requests, and the moment of arrival."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextvars import ContextVar
from functools import partial
from typing import Any

from attrs import frozen
from pygls.exceptions import JsonRpcException
from pygls.protocol import LanguageServerProtocol

from leanwide.lsp.documents import DocumentWorkspace

logger = logging.getLogger(__name__)

arrival_version: ContextVar[int | None] = ContextVar("arrival_version", default=None)
"""Version of the request's document when the request arrived.

pygls starts an async handler after the messages that are already there, so that a change which
came later may be applied before the handler sees the document.
"""


def _uri(params: Any) -> Any:
    """The URI of the document that a message, or the command in it, is about."""
    arguments = getattr(params, "arguments", None)
    if isinstance(arguments, list | tuple) and arguments and isinstance(arguments[0], dict):
        return arguments[0].get("uri")
    return getattr(getattr(params, "text_document", None), "uri", None)


@frozen
class Malformed:
    """A message whose parameters do not fit its method."""

    id: int | str | None
    method: str
    error: JsonRpcException


class Protocol(LanguageServerProtocol):
    """Answers every request, also one that cannot be read."""

    def structure_message(self, data: dict[str, Any]) -> Any:
        """Turn JSON into a typed message; one that does not fit becomes :class:`Malformed`."""
        try:
            return super().structure_message(data)
        except JsonRpcException as error:
            if "method" not in data:
                raise
            return Malformed(data.get("id"), data["method"], error)

    def handle_message(self, message: Any) -> None:
        """Handle a message, noting what its document looked like."""
        if isinstance(message, Malformed):
            self._refuse(message)
            return
        uri = _uri(getattr(message, "params", None))
        token = arrival_version.set(self._version(uri) if isinstance(uri, str) else None)
        try:
            super().handle_message(message)
        finally:
            arrival_version.reset(token)

    def _execute_handler(
        self,
        msg_id: int | str,
        handler: Callable[..., Any],
        callback: Callable[..., Any],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        """Run a handler; what pygls runs for a request under another id is cancelled with it."""
        super()._execute_handler(msg_id, handler, callback, args, kwargs)
        request = callback.keywords.get("result_future") if isinstance(callback, partial) else None
        task = self._request_futures.get(msg_id)
        if request is not None and isinstance(task, asyncio.Future):
            task.add_done_callback(lambda _: self._request_futures.pop(msg_id, None))
            request.add_done_callback(lambda ended: task.cancel() if ended.cancelled() else None)

    def end_requests(self) -> None:
        """Cancel every request but the running one; pygls stumbles over commands when it does."""
        running: Any = asyncio.current_task()
        for msg_id, future in list(self._request_futures.items()):
            if msg_id != self.msg_id and future is not running:
                future.cancel()

    def _refuse(self, message: Malformed) -> None:
        logger.warning("malformed parameters of %s", message.method)
        if message.id is not None:
            self._send_response(message.id, error=message.error.to_response_error())

    def _version(self, uri: str) -> int | None:
        if not isinstance(self._workspace, DocumentWorkspace):
            return None
        document = self._workspace.opened(uri)
        return document.version if document is not None else None
