"""Serves one client from its first byte to its last."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Collection
from typing import Any, Final, Protocol

from lsprotocol.types import ErrorCodes

from leanwide.lsp.rpc.framing import BadFrame, Frame, Frames
from leanwide.lsp.rpc.logged import log_error
from leanwide.lsp.rpc.messages import Invalid, Message, read_message
from leanwide.lsp.rpc.outbox import Outbox, Writer

logger = logging.getLogger(__name__)

_READ_BYTES: Final = 64 * 1024
_FLUSH_S: Final = 2.0
"""Seconds in which a client can read the last answers."""


class Reader(Protocol):
    """The bytes of a client, as of :class:`asyncio.StreamReader`."""

    async def read(self, most: int, /) -> bytes:
        """Wait for up to ``most`` bytes; return none at the end.

        Raises:
            OSError: The client is gone.
        """


class MessageHandler(Protocol):
    """Handles a client's messages and answers its requests."""

    exited: bool
    """Whether the client sent ``exit``."""

    @property
    def exit_code(self) -> int:
        """The exit code of the process."""

    @property
    def requests(self) -> Collection[asyncio.Task[Any]]:
        """The client's requests that are not answered yet."""

    def connect(self, outbox: Outbox) -> None:
        """Send answers to this outbox from now on."""

    def receive(self, message: Message) -> None:
        """Handle a message."""

    async def settled(self) -> None:
        """Wait until the next message may be handled."""

    def end_requests(self) -> None:
        """Cancel the requests that are not answered yet."""


class ServedSession(Protocol):
    """The session at the server's end of a connection."""

    process_id: int | None
    """The client's process; None where it named none."""

    @property
    def protocol(self) -> MessageHandler:
        """The handler of the client's messages."""

    async def close(self) -> None:
        """End the session."""


async def serve_connection(session: ServedSession, reader: Reader, writer: Writer) -> int:
    """Serve a client until it exits, hangs up or leaves too much unread; then close the session.

    Cancelling ends it in the same way: every request is answered, and the answers are sent as far
    as the client reads them. The caller closes ``writer``.

    Returns:
        The exit code that LSP defines: 0 after ``shutdown``, else 1.
    """
    outbox = Outbox()
    session.protocol.connect(outbox)
    writing = asyncio.create_task(outbox.send_all(writer))
    ends: dict[asyncio.Task[Any], str] = {
        asyncio.create_task(_listen(session.protocol, reader)): "",
        writing: "the client closed its end: the session ends",
        asyncio.create_task(outbox.overflowed.wait()): (
            "the client does not read its answers: the session ends"
        ),
    }
    try:
        ended, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        for reason in {ends[task] for task in ended} - {""}:
            logger.error("%s", reason)
    finally:
        await _close(session, outbox, writing)
        for task in ends:
            task.cancel()
        for end in await asyncio.gather(*ends, return_exceptions=True):
            if isinstance(end, Exception) and not isinstance(end, OSError):
                log_error("the session ended by a fault of leanwide", end)
    return session.protocol.exit_code


async def _close(session: ServedSession, outbox: Outbox, writing: asyncio.Task[None]) -> None:
    """Close the session, and send the answers of its last requests."""
    session.protocol.end_requests()
    closing = asyncio.create_task(session.close())
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_FLUSH_S):
            if requests := list(session.protocol.requests):
                await asyncio.wait(requests)
            await _flush(outbox, writing)
    await closing


async def _flush(outbox: Outbox, writing: asyncio.Task[None]) -> None:
    """Wait until everything is written, or the client is gone."""
    sent = asyncio.create_task(outbox.flushed())
    try:
        await asyncio.wait((sent, writing), return_when=asyncio.FIRST_COMPLETED)
    finally:
        sent.cancel()


def _receive(handler: MessageHandler, frame: Frame) -> None:
    """Pass a message on; one that cannot be handled is answered, and does not end the session."""
    if isinstance(frame, BadFrame):
        logger.error("%s", frame.reason)
        handler.receive(Invalid(None, frame.code, frame.reason))
        return
    try:
        handler.receive(read_message(frame))
    except Exception as error:  # noqa: BLE001  # whatever a client may send
        log_error("a message", error)
        reason = f"an internal error of leanwide ({type(error).__name__}): see its log"
        handler.receive(Invalid(None, ErrorCodes.InternalError, reason))


async def _listen(handler: MessageHandler, reader: Reader) -> None:
    """Pass messages on until the client exits or hangs up."""
    frames = Frames()
    with contextlib.suppress(OSError):
        while data := await reader.read(_READ_BYTES):
            for frame in frames.feed(data):
                _receive(handler, frame)
                if handler.exited:
                    return
                await handler.settled()
