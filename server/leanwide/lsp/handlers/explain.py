"""``leanwide.explain``: Markdown that streams, for a selection or the definition at the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lsprotocol import types
from pygls.exceptions import JsonRpcContentModified, JsonRpcException

from leanwide.engine.base import EngineError
from leanwide.features import explain as feature
from leanwide.features.cost import cost
from leanwide.features.explain import Place
from leanwide.features.wide import Answer
from leanwide.lsp import convert
from leanwide.lsp.arguments import place_at, target
from leanwide.lsp.protocol import arrival_version

if TYPE_CHECKING:
    from leanwide.server import Server


async def explain(ls: Server, *arguments: Any) -> dict[str, Any]:
    """Explain; waits for the model while it loads. A newer one for the document retires it."""
    asked = target(arguments, ls.protocol._converter)
    # The snapshot comes before the first await: a change edits the document in place.
    place = place_at(ls.documents, asked.uri, asked.range)
    if arrival_version.get() not in (None, place.view.version):
        raise JsonRpcContentModified(message=f"{asked.uri} changed meanwhile: ask again")
    answer = await _newest(ls, place, _stream(ls, asked.token))
    return {"markdown": answer.markdown, "stats": convert.camel_case(cost(answer.record))}


async def _newest(ls: Server, place: Place, show: Callable[[str], None]) -> Answer:
    """Run the feature in a task of its own, which a newer request for the document ends at once."""
    with ls.explaining.newest(place.view.uri) as cancel:
        work = asyncio.ensure_future(feature.explain(place, ls.bench, cancel, show))
        cancel.on_cancel(lambda: _cancel(work))
        try:
            return await work
        except EngineError as error:
            code = types.LSPErrorCodes.RequestFailed
            raise JsonRpcException(message=str(error), code=code) from error
        except asyncio.CancelledError:
            if not cancel.cancelled:
                raise  # the client's wish: pygls answers it
            code = types.LSPErrorCodes.ServerCancelled
            message = "a newer explanation of this document took its place"
            raise JsonRpcException(message=message, code=code) from None


def _stream(ls: Server, token: int | str | None) -> Callable[[str], None]:
    """Send text as ``$/progress`` on the client's token, if it gave one."""

    def show(text: str) -> None:
        if token is not None:
            ls.progress(types.ProgressParams(token=token, value={"text": text}))

    return show


def _cancel(work: asyncio.Task[Answer]) -> None:
    work.cancel()
