"""What commands share that ask the model: a snapshot, a stream of text, and one answer each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcException

from leanwide.engine.base import CancelToken, EngineError
from leanwide.features.ask.answer_stream import Show
from leanwide.features.ask.selection import Selection
from leanwide.files.shown import shown
from leanwide.lsp.arguments import TargetArguments, place_at
from leanwide.lsp.protocol import arrival_version
from leanwide.lsp.requests import LiveRequests

if TYPE_CHECKING:
    from leanwide.lsp.session import Server

T = TypeVar("T")


def snapshot(ls: Server, asked: TargetArguments) -> Selection:
    """The place as it was when the request arrived. To be taken before the first ``await``.

    Raises:
        JsonRpcInvalidParams: The document is not open, or has no such range.
        JsonRpcContentModified: It changed before the request could be read.
    """
    return as_it_arrived(place_at(ls.documents, asked.uri, asked.range))


def as_it_arrived(place: Selection) -> Selection:
    """The same place, unless its document changed after the request had been sent.

    Raises:
        JsonRpcContentModified: It did.
    """
    if arrival_version.get() not in (None, place.view.version):
        raise changed(place.view.uri)
    return place


def changed(uri: str) -> JsonRpcContentModified:
    """The answer for a document that is not what it was."""
    return JsonRpcContentModified(message=f"{shown(uri)} changed meanwhile: ask again")


def stream(ls: Server, token: int | str | None) -> Show:
    """Send text as ``$/progress`` on the client's token, if it gave one."""

    def show(text: str) -> None:
        if token is not None:
            ls.progress(types.ProgressParams(token=token, value={"text": text}))

    return show


async def newest(
    live: LiveRequests,
    key: str,
    start: Callable[[CancelToken], Coroutine[Any, Any, T]],
    retired: Callable[[], JsonRpcException],
) -> T:
    """Run a feature in a task of its own, which ends at once when another one takes its place.

    Args:
        live: Where the newest request of each key is kept.
        key: The document's URI, or the chat's id.
        start: Starts the feature.
        retired: Makes the answer of a request that was ended so.

    Raises:
        JsonRpcException: The engine failed, or the request was ended.
    """
    with live.newest(key) as cancel:
        work = asyncio.ensure_future(start(cancel))
        cancel.on_cancel(lambda: _cancel(work))
        try:
            return await work
        except EngineError as error:
            code = types.LSPErrorCodes.RequestFailed
            raise JsonRpcException(message=str(error), code=code) from error
        except asyncio.CancelledError:
            if not cancel.cancelled:
                raise  # the client's wish: pygls answers it
            raise retired() from None


def superseded(message: str) -> JsonRpcException:
    """The answer of a request that a newer one has ended."""
    code = types.LSPErrorCodes.ServerCancelled
    return JsonRpcException(message=message, code=code)


def _cancel(work: asyncio.Future[Any]) -> None:
    work.cancel()
