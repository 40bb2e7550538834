"""What pygls's protocol class lacks: an answer to malformed requests, and the moment of arrival."""

from __future__ import annotations

import logging
from contextvars import ContextVar
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
        uri = getattr(getattr(getattr(message, "params", None), "text_document", None), "uri", None)
        token = arrival_version.set(self._version(uri) if isinstance(uri, str) else None)
        try:
            super().handle_message(message)
        finally:
            arrival_version.reset(token)

    def _refuse(self, message: Malformed) -> None:
        logger.warning("malformed parameters of %s", message.method)
        if message.id is not None:
            self._send_response(message.id, error=message.error.to_response_error())

    def _version(self, uri: str) -> int | None:
        if not isinstance(self._workspace, DocumentWorkspace):
            return None
        document = self._workspace.opened(uri)
        return document.version if document is not None else None
