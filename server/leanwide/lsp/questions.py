"""What the commands that ask the model share: a snapshot, streamed text, and the newest wins."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcException
from pygls.lsp.server import LanguageServer

from leanwide.engine.base import EngineError
from leanwide.engine.requests import CancelToken
from leanwide.features.ask.answer_stream import Show
from leanwide.features.ask.selection import Selection
from leanwide.features.workspace_context import WorkspaceContext
from leanwide.files.shown import shown
from leanwide.lsp.protocol import arrival_version
from leanwide.lsp.requests import LiveRequests, RequestKind
from leanwide.postprocess.file_links import FileLinks

T = TypeVar("T")


def as_it_arrived(selection: Selection) -> Selection:
    """Return the selection, unless its document changed after the request arrived.

    Raises:
        JsonRpcContentModified: It changed.
    """
    if arrival_version.get() not in (None, selection.view.version):
        raise content_modified(selection.view.uri)
    return selection


def content_modified(uri: str) -> JsonRpcContentModified:
    """Return the error for a document that changed since the request."""
    return JsonRpcContentModified(message=f"{shown(uri)} changed meanwhile: ask again")


def stream(server: LanguageServer, token: int | str | None) -> Show:
    """Return what sends text as ``$/progress`` on the client's token; does nothing for None."""

    def show(text: str) -> None:
        if token is not None:
            server.progress(types.ProgressParams(token=token, value={"text": text}))

    return show


class LinkedStream:
    """Shows an answer with its names of files as links, and keeps what it showed."""

    def __init__(self, show: Show, workspace: WorkspaceContext) -> None:
        def find(name: str) -> str | None:
            file = workspace.file_named(name)
            return None if file is None else file.as_uri()

        self._links = FileLinks(find)
        self._pieces: list[str] = []
        self._show = show

    def show(self, text: str) -> None:
        """Show the next part of the answer."""
        self._pass(self._links.add(text))

    def end(self) -> str:
        """Show what is left, and return the whole Markdown."""
        self._pass(self._links.end())
        return "".join(self._pieces)

    def _pass(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self._show(text)


async def newest(
    live: LiveRequests,
    kind: RequestKind,
    key: str,
    start: Callable[[CancelToken], Coroutine[Any, Any, T]],
    superseded: Callable[[], JsonRpcException],
) -> T:
    """Run a feature in a task, which is cancelled when a newer request has the same key.

    Args:
        live: The newest request of each kind and key.
        kind: The kind of request.
        key: The document's URI, or the chat's id.
        start: Starts the feature.
        superseded: Returns the error of a request that was cancelled so.

    Raises:
        JsonRpcException: The engine failed, or the request was cancelled.
    """
    with live.newest(kind, key) as cancel:
        work = asyncio.ensure_future(start(cancel))
        cancel.on_cancel(lambda: _cancel(work))
        try:
            return await work
        except EngineError as error:
            code = types.LSPErrorCodes.RequestFailed
            raise JsonRpcException(message=str(error), code=code) from error
        except asyncio.CancelledError:
            if not cancel.cancelled:
                raise  # the client cancelled: the protocol answers it
            raise superseded() from None


def server_cancelled(message: str) -> JsonRpcException:
    """Return the error of a request that a newer one superseded."""
    return JsonRpcException(message=message, code=types.LSPErrorCodes.ServerCancelled)


def _cancel(work: asyncio.Future[Any]) -> None:
    work.cancel()
