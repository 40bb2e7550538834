"""One client, served from its first byte to its last."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from typing import TYPE_CHECKING, Final, Protocol

from leanwide.lsp.rpc.framing import BadFrame, Frames
from leanwide.lsp.rpc.messages import Invalid, read_message
from leanwide.lsp.rpc.outbox import Outbox, Writer

if TYPE_CHECKING:
    from leanwide.lsp.protocol import Protocol as ServerProtocol
    from leanwide.lsp.session import Server

logger = logging.getLogger(__name__)

_READ: Final = 64 * 1024
_LAST_WORDS_S: Final = 2.0
"""Seconds in which a client can read the last answers."""


class Reader(Protocol):
    """The way from a client, as of :class:`asyncio.StreamReader`."""

    async def read(self, most: int, /) -> bytes:
        """Wait for bytes; none are the end.

        Raises:
            OSError: The client is gone.
        """


async def serve_connection(server: Server, reader: Reader, writer: Writer) -> int:
    """Serve a client until it exits, hangs up, or leaves too much unread; then close the server.

    Cancelling ends it in the same way: every request is answered, and the answers go out as far as
    the client reads them. Closing ``writer`` is left to the caller.

    Returns:
        The exit code that LSP names: 0 behind ``shutdown``, else 1.
    """
    outbox = Outbox()
    server.protocol.connect(outbox)
    writing = asyncio.create_task(outbox.pour(writer))
    ends = {
        asyncio.create_task(_listen(server.protocol, reader)): "",
        writing: "the client closed its end: the session ends",
        asyncio.create_task(_wait(outbox.overflowed)): (
            "the client does not read its answers: the session ends"
        ),
    }
    try:
        ended, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for reason in {ends[one] for one in ended} - {""}:
            logger.error("%s", reason)
    finally:
        await _leave(server, outbox, writing)
        for task in ends:
            task.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
    return server.protocol.exit_code


async def _leave(server: Server, outbox: Outbox, writing: asyncio.Task[None]) -> None:
    server.protocol.end_requests()
    closing = asyncio.create_task(server.close())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_LAST_WORDS_S):
            if requests := list(server.protocol.requests):
                await asyncio.wait(requests)
            await _pour_out(outbox, writing)  # with the answers of those requests
    await closing


async def _pour_out(outbox: Outbox, writing: asyncio.Task[None]) -> None:
    """Wait until all is written, or the client is gone."""
    poured = asyncio.create_task(outbox.poured())
    try:
        await asyncio.wait((poured, writing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        poured.cancel()


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _listen(protocol: ServerProtocol, reader: Reader) -> None:
    """Hand messages on until the client exits or hangs up."""
    frames = Frames()
    with contextlib.suppress(OSError):
        while data := await reader.read(_READ):
            for frame in frames.feed(data):
                if isinstance(frame, BadFrame):
                    logger.error("%s", frame.reason)
                    protocol.receive(Invalid(None, frame.code, frame.reason))
                else:
                    protocol.receive(read_message(frame))
                if protocol.exited:
                    return
                await protocol.settled()
