"""What is sent to a client: messages, and requests with their answers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, Final

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInternalError
from pygls.protocol import LanguageServerProtocol

from leanwide.lsp.rpc.logged import log_error
from leanwide.lsp.rpc.messages import Id, RpcResponse
from leanwide.lsp.rpc.outbox import Outbox

_OPTIONAL: Final = frozenset({"leanwide/status", types.PROGRESS, types.WINDOW_LOG_MESSAGE})
"""Notifications that a client can do without: the answer says the same."""


class SendingProtocol(LanguageServerProtocol):
    """Sends pygls's messages through an outbox, and keeps nothing of what has ended."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        self._outbox: Outbox | None = None
        super().__init__(*arguments, **more)

    def connect(self, outbox: Outbox) -> None:
        """Send messages to this outbox from now on."""
        self._outbox = outbox

    def send_request(
        self,
        method: str,
        params: Any | None = None,
        callback: Callable[[Any], None] | None = None,
        msg_id: Id | None = None,
    ) -> Future[Any]:
        """Send a request to the client, and forget it when its future is done.

        pygls keeps it until the client answers (https://github.com/openlawlibrary/pygls/issues/608).
        """
        known = str(uuid.uuid4()) if msg_id is None else msg_id
        future = super().send_request(method, params, callback, known)
        future.add_done_callback(lambda _: self._forget(known))
        return future

    def _forget(self, known: Id) -> None:
        self._request_futures.pop(known, None)
        self._result_types.pop(known, None)

    def receive_response(self, response: RpcResponse) -> None:
        """Complete the request that the client answers; an answer to none is ignored."""
        known = response.id
        future = self._request_futures.get(known) if known is not None else None
        if known is None or future is None or future.done():
            return
        kind = self._result_types.get(known)
        try:
            if "error" in response.data:
                answer = self._converter.structure(response.data, types.ResponseErrorMessage)
                raise JsonRpcException.from_error(answer.error or types.ResponseError(0, ""))
            typed = self._converter.structure(response.data, kind) if kind is not None else None
            future.set_result(typed.result if typed is not None else response.data["result"])
        except JsonRpcException as error:
            future.set_exception(error)
        except Exception:  # noqa: BLE001  # whatever a client may send
            future.set_exception(JsonRpcInternalError(message="an answer does not fit"))

    def _send_data(self, data: Any) -> None:
        """Send a message of pygls."""
        try:
            self.put(data)
        except Exception as error:  # noqa: BLE001  # pygls does not expect any
            log_error(str(getattr(data, "method", "")), error)

    def put(self, data: Any) -> None:
        """Send a message, an object that becomes JSON.

        Raises:
            TypeError, ValueError: It cannot become JSON.
        """
        body = json.dumps(data, default=self._serialize_message, allow_nan=False).encode()
        message = b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        if self._outbox is None:
            return
        if _is_optional(data):
            self._outbox.put_optional(message)
        else:
            self._outbox.put(message)

    def get_message_type(  # type: ignore[override]
        self, method: str
    ) -> type[Any] | None:
        """Return LSP's type of a message; pygls's cache would keep the session alive for ever."""
        return types.METHOD_TO_TYPES.get(method, (None,))[0]

    def get_result_type(  # type: ignore[override]
        self, method: str
    ) -> type[Any] | None:
        """Return LSP's type of an answer."""
        return types.METHOD_TO_TYPES.get(method, (None, None))[1]


def _is_optional(data: Any) -> bool:
    if getattr(data, "method", None) not in _OPTIONAL:
        return False
    value = getattr(data.params, "value", None)
    return not isinstance(value, types.WorkDoneProgressEnd)  # without it the bar would stay
