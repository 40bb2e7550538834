"""How a command that somebody waits for runs: newest wins, errors have codes, text streams."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcException

from leanwide.engine.base import CancelToken, EngineError
from leanwide.lsp.protocol import arrival_version
from leanwide.lsp.requests import LiveRequests

if TYPE_CHECKING:
    from leanwide.features.quoting import Place
    from leanwide.server import Server

Result = TypeVar("Result")
Work = Callable[[CancelToken], Coroutine[Any, Any, Result]]
"""What a command does; it ends early once its token is cancelled."""


def as_it_arrived(place: Place) -> None:
    """Refuse a place in a document that changed after the request had been sent.

    Raises:
        JsonRpcContentModified: It did.
    """
    if arrival_version.get() not in (None, place.view.version):
        raise JsonRpcContentModified(message=f"{place.view.uri} changed meanwhile: ask again")


async def newest(live: LiveRequests, key: str, work: Work[Result], retired: str) -> Result:
    """Run work in a task of its own, which newer work of the same key ends at once.

    Args:
        live: The work that is alive, by key.
        key: What there can be one work for at a time.
        work: What to run.
        retired: What the client is told when newer work took its place.

    Raises:
        JsonRpcException: The engine failed, or the work was retired.
    """
    with live.newest(key) as cancel:
        task = asyncio.ensure_future(work(cancel))
        cancel.on_cancel(lambda: _cancel(task))
        try:
            return await task
        except EngineError as error:
            code = types.LSPErrorCodes.RequestFailed
            raise JsonRpcException(message=str(error), code=code) from error
        except asyncio.CancelledError:
            if not cancel.cancelled:
                raise  # the client's wish: pygls answers it
            code = types.LSPErrorCodes.ServerCancelled
            raise JsonRpcException(message=retired, code=code) from None


def stream(ls: Server, token: int | str | None) -> Callable[[str], None]:
    """Send text as ``$/progress`` on the client's token, if it gave one."""

    def show(text: str) -> None:
        if token is not None:
            ls.progress(types.ProgressParams(token=token, value={"text": text}))

    return show


def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
