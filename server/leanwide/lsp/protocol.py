"""Handles a client's messages: their order, handlers, answers and errors."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Collection, Generator, Mapping
from contextvars import ContextVar
from enum import Enum, auto
from functools import partial
from typing import Any

from lsprotocol import types
from pygls.exceptions import JsonRpcException, JsonRpcInvalidParams
from pygls.protocol import lsp_method

from leanwide.lsp.documents import DocumentWorkspace
from leanwide.lsp.parameters import (
    EXPERIMENTAL,
    OWN_REQUESTS,
    document_uri,
    drop_unusable_folders,
    typed_params,
)
from leanwide.lsp.rpc.logged import log_error
from leanwide.lsp.rpc.messages import (
    Id,
    Invalid,
    Message,
    RpcNotification,
    RpcRequest,
    RpcResponse,
    is_id,
)
from leanwide.lsp.sending import SendingProtocol
from leanwide.lsp.uris import unusable

logger = logging.getLogger(__name__)

arrival_version: ContextVar[int | None] = ContextVar("arrival_version", default=None)
"""Version of the request's document when the request arrived.

A handler starts later than that, and a change that came in between may be applied already.
"""

progress_token: ContextVar[int | str | None] = ContextVar("progress_token", default=None)
"""The ``workDoneToken`` of the command that runs, if the client sent one."""


class SessionStage(Enum):
    """Stage of a session's life."""

    NEW = auto()
    RUNNING = auto()
    SHUT_DOWN = auto()


class Protocol(SendingProtocol):
    """Answers every request exactly once.

    pygls provides features, types, and requests to the client. Handlers are run here: pygls keeps
    a future for each notification for ever, drops messages after ``shutdown``
    (https://github.com/openlawlibrary/pygls/issues/605), and sends tracebacks.
    """

    def __init__(self, *arguments: Any, **more: Any) -> None:
        self._stage = SessionStage.NEW
        self._stage_change: asyncio.Task[Any] | None = None
        """The request that changes the stage; no message is handled before it has ended."""
        self._requests: dict[Id, asyncio.Task[Any]] = {}
        self._notified: set[asyncio.Task[Any]] = set()
        self.exited = False
        """Whether the client sent ``exit``."""
        super().__init__(*arguments, **more)  # reads all of these

    @property
    def exit_code(self) -> int:
        """The exit code of the process: 0 if the client sent ``shutdown``, else 1."""
        return 0 if self._stage is SessionStage.SHUT_DOWN else 1

    @property
    def requests(self) -> Collection[asyncio.Task[Any]]:
        """The client's requests that are not answered yet."""
        return self._requests.values()

    def replace_workspace(self) -> None:
        """Replace the workspace that pygls created; it cannot be told to create ours.

        The root of a client that names no folders is a folder like others: more may come.
        """
        old = self.workspace
        folders = list(old.folders.values())
        if not folders and old.root_uri is not None:
            folders = [types.WorkspaceFolder(old.root_uri, "")]
        self._workspace = DocumentWorkspace(
            old.root_uri,
            old._sync_kind,  # noqa: SLF001  # of which pygls has no public name
            folders,
            old.position_encoding,
        )

    def receive(self, message: Message) -> None:
        """Handle a message; its handler starts soon."""
        match message:
            case RpcRequest():
                self._receive_request(message)
            case RpcNotification():
                self._receive_notification(message)
            case RpcResponse():
                self.receive_response(message)
            case Invalid():
                self._refuse(message.id, JsonRpcException(message.reason, message.code))

    async def settled(self) -> None:
        """Let the handlers of received messages start, and wait for a change of the stage."""
        await asyncio.sleep(0)
        if self._stage_change is not None:
            await asyncio.wait((self._stage_change,))
            self._stage_change = None

    def end_requests(self) -> None:
        """Cancel every request and notification, except the one that calls this."""
        running = asyncio.current_task()
        for task in (*self._requests.values(), *self._notified):
            if task is not running:
                task.cancel()

    # Requests of the client.

    def _receive_request(self, request: RpcRequest) -> None:
        try:
            if request.id in self._requests:
                raise _error(types.ErrorCodes.InvalidRequest, "this id is in use")
            self._check_stage(request.method)
            handler, params = self._prepared(request)
        except JsonRpcException as error:
            self._refuse(request.id, error)
            return
        except Exception as error:  # noqa: BLE001  # every request is answered
            self._fail(request, error)
            return
        task = self._start(handler, params)
        self._requests[request.id] = task
        if request.method == types.INITIALIZE:
            self._stage, self._stage_change = SessionStage.RUNNING, task
            task.add_done_callback(self._check_initialized)
        elif request.method == types.SHUTDOWN:
            self._stage, self._stage_change = SessionStage.SHUT_DOWN, task
        task.add_done_callback(partial(self._answer, request))

    def _check_stage(self, method: str) -> None:
        if self._stage is SessionStage.SHUT_DOWN:
            raise _error(types.ErrorCodes.InvalidRequest, "the server is shut down")
        if self._stage is SessionStage.NEW and method != types.INITIALIZE:
            raise _error(types.ErrorCodes.ServerNotInitialized, "initialize has to come first")
        if self._stage is SessionStage.RUNNING and method == types.INITIALIZE:
            raise _error(types.ErrorCodes.InvalidRequest, "the server is initialized")

    def _prepared(self, request: RpcRequest) -> tuple[Callable[..., Any], Any]:
        """Return the handler of a request, and its parameters.

        Raises:
            JsonRpcException: There is no such request, or its parameters do not fit.
        """
        handler = self._handler(request.method)
        if handler is None or not _is_request(request.method):
            code = types.ErrorCodes.MethodNotFound
            raise _error(code, f"there is no request {request.method[:100]!r}")
        params = typed_params(request, self._converter)
        if (uri := document_uri(params)) is not None and (reason := unusable(uri)):
            raise JsonRpcInvalidParams(message=reason)
        if isinstance(params, types.InitializeParams):
            drop_unusable_folders(params)
        return handler, params

    def _check_initialized(self, task: asyncio.Task[Any]) -> None:
        """Let a client try again after a failed ``initialize``."""
        if task.cancelled() or task.exception() is not None:
            self._stage = SessionStage.NEW

    def _answer(self, request: RpcRequest, task: asyncio.Task[Any]) -> None:
        self._requests.pop(request.id, None)
        if task.cancelled():
            cancelled = types.LSPErrorCodes.RequestCancelled
            self._refuse(request.id, _error(cancelled, "the request was cancelled"))
            return
        try:
            result = task.result()
            self.put({"jsonrpc": "2.0", "id": request.id, "result": result})
        except JsonRpcException as error:
            self._refuse(request.id, error)
        except Exception as error:  # noqa: BLE001  # every request is answered
            self._fail(request, error)
        finally:
            del task  # it holds the error, whose traceback holds this frame

    def _fail(self, request: RpcRequest, error: Exception) -> None:
        """Answer a request that failed by a fault of ours, and log that."""
        log_error(request.method, error)
        reason = f"an internal error of leanwide ({type(error).__name__}): see its log"
        self._refuse(request.id, _error(types.ErrorCodes.InternalError, reason))

    def _refuse(self, known: Id | None, error: JsonRpcException) -> None:
        answer = {"code": int(error.code), "message": error.message}
        self.put({"jsonrpc": "2.0", "id": known, "error": answer})

    # Notifications of the client.

    def _receive_notification(self, notification: RpcNotification) -> None:
        method = notification.method
        if method == types.EXIT:
            self.exited = True
            return
        handler = self._handler(method)
        known = handler is not None or method == types.CANCEL_REQUEST
        if self._stage is not SessionStage.RUNNING or not known or _is_request(method):
            return
        try:
            params = typed_params(notification, self._converter)
            if method == types.CANCEL_REQUEST:
                self._cancel(params.id)
            elif handler is not None:
                self._run_notification(method, handler, params)
        except JsonRpcException as error:
            logger.warning("%s is ignored: %s", method, error.message)
        except Exception as error:  # noqa: BLE001  # there is no answer to put it into
            log_error(method, error)

    def _cancel(self, known: object) -> None:
        if not is_id(known):
            raise JsonRpcInvalidParams(message="an id is a number or a string")
        if (task := self._requests.get(known)) is not None:
            task.cancel()

    def _run_notification(self, method: str, handler: Callable[..., Any], params: Any) -> None:
        """Run a handler that is no coroutine at once, so that later requests see its effect."""
        steps = handler(params) if _is_generator(handler) else ((handler, (params,), None),)
        for step, arguments, _ in steps:
            if not asyncio.iscoroutinefunction(step):
                step(*arguments)
                continue
            task = asyncio.ensure_future(step(*arguments))
            self._notified.add(task)
            task.add_done_callback(partial(self._end_notification, method))

    def _end_notification(self, method: str, task: asyncio.Task[Any]) -> None:
        self._notified.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log_error(method, error)

    # Handlers.

    def _handler(self, method: str) -> Callable[..., Any] | None:
        handler = self.fm.builtin_features.get(method) or self.fm.features.get(method)
        return handler if callable(handler) else None

    def _start(self, handler: Callable[..., Any], params: Any) -> asyncio.Task[Any]:
        """Run a handler in a task with :data:`arrival_version` set."""
        uri = document_uri(params)
        document = None
        if uri is not None and isinstance(self._workspace, DocumentWorkspace):
            document = self._workspace.opened(uri)
        token = arrival_version.set(document.version if document is not None else None)
        try:
            return asyncio.ensure_future(_run(handler, (params,)))
        finally:
            arrival_version.reset(token)

    @lsp_method(types.INITIALIZE)
    def lsp_initialize(
        self, params: types.InitializeParams
    ) -> Generator[Any, Any, types.InitializeResult]:
        """Initialize, and advertise what LSP does not define."""
        result = yield from super().lsp_initialize(params)
        result.capabilities.experimental = EXPERIMENTAL
        return result

    @lsp_method(types.SHUTDOWN)
    def lsp_shutdown(self, *arguments: Any) -> Generator[Any, Any, None]:
        """Run the handler, then give up on requests that the client has not answered.

        pygls cancels them while it iterates over the table that each of them leaves when it ends.
        """
        yield self.fm.features[types.SHUTDOWN], arguments, None
        for future in tuple(self._request_futures.values()):
            future.cancel()

    @lsp_method(types.WORKSPACE_EXECUTE_COMMAND)
    def lsp_workspace__execute_command(
        self, params: types.ExecuteCommandParams
    ) -> Generator[Any, Any, Any]:
        """Run a command; without an argument it gets an empty object, to say what is missing."""
        params.arguments = params.arguments or [{}]
        progress_token.set(params.work_done_token)
        return (yield from super().lsp_workspace__execute_command(params))


async def _run(
    handler: Callable[..., Any],
    arguments: tuple[Any, ...],
    more: Mapping[str, Any] | None = None,
) -> Any:
    """Run a handler to its result; pygls's own are generators, which yield handlers to run."""
    if not _is_generator(handler):
        result = handler(*arguments, **(more or {}))
        return await result if inspect.isawaitable(result) else result
    steps, value = handler(*arguments), None
    while True:
        try:
            step = steps.send(value)
        except StopIteration as end:
            return end.value
        value = await _run(*step)


def _is_generator(handler: Callable[..., Any]) -> bool:
    return inspect.isgeneratorfunction(handler)


def _is_request(method: str) -> bool:
    kinds = types.METHOD_TO_TYPES.get(method)
    return method in OWN_REQUESTS or (kinds is not None and kinds[1] is not None)


def _error(code: int, reason: str) -> JsonRpcException:
    return JsonRpcException(message=reason, code=code)
