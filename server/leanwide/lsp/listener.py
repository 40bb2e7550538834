"""Connections over TCP: each that brings the token gets a session of its own."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from attrs import frozen
from lsprotocol import types

from leanwide.lsp.admission import AccessToken, AdmissionRefused, first_message, frame, refusal
from leanwide.lsp.rpc.connection import serve_connection

if TYPE_CHECKING:
    from leanwide.lsp.session import Server

logger = logging.getLogger(__name__)

_GONE: Final = (ConnectionError, asyncio.IncompleteReadError)


@frozen(kw_only=True)
class ListenerLimits:
    """What connections may take up."""

    strangers: int = 32
    """Connections that have not brought the token yet; the oldest makes room for a newer one."""
    sessions: int = 32
    first_message_s: float = 10.0
    """Seconds that a connection has to bring the token."""
    farewell_s: float = 1.0
    """Seconds that a client has to read what was sent before the end."""


class Listener:
    """Serves every connection from its first byte to its end."""

    def __init__(
        self,
        new_server: Callable[[], Server],
        token: AccessToken,
        limits: ListenerLimits = ListenerLimits(),
    ) -> None:
        """Make a listener.

        Args:
            new_server: Makes what a session works with; called when a client brought the token.
            token: What a client has to know.
            limits: What connections may take up.
        """
        self._new_server = new_server
        self._token = token
        self._limits = limits
        self._connections: set[asyncio.Task[None]] = set()
        self._strangers: dict[asyncio.Task[None], None] = {}
        """In the order in which they came."""
        self._sessions = 0

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a connection over."""
        task = asyncio.create_task(self._attend(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        if len(self._strangers) >= self._limits.strangers:
            next(iter(self._strangers)).cancel()
        self._strangers[task] = None
        task.add_done_callback(lambda ended: self._strangers.pop(ended, None))

    async def close(self) -> None:
        """End every connection."""
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            message = await self._admitted(reader)
            await self._serve(message, reader, writer)
        except AdmissionRefused as refused:
            if refused.answer is not None:
                writer.write(frame(refused.answer))
        except TimeoutError:
            logger.info("a connection that brought no token is closed")
        except _GONE:
            logger.info("a connection ended before it brought the token")
        finally:
            await self._part(writer)

    async def _admitted(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        """Wait for the token; from then on the connection is no stranger's.

        Raises:
            Refused: It did not come, or there are sessions enough.
        """
        async with asyncio.timeout(self._limits.first_message_s):
            message = await first_message(reader, self._token)
        if self._sessions >= self._limits.sessions:
            sentence = f"leanwide serves {self._sessions} sessions already: close one of them"
            raise refusal(message, types.LSPErrorCodes.RequestFailed.value, sentence)
        task: Any = asyncio.current_task()
        self._strangers.pop(task, None)
        return message

    async def _serve(
        self, message: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Run a session to its end: the client's ``exit``, its death, or the server's end."""
        _watch(writer)
        self._sessions += 1
        try:
            first = _Begun(frame(message), reader)
            await serve_connection(self._new_server(), first, writer)
        except Exception as error:  # one session's failure is not another's
            logger.error("a session failed: %s", type(error).__name__)
        finally:
            self._sessions -= 1

    async def _part(self, writer: asyncio.StreamWriter) -> None:
        """Close a connection; a client that does not read its last messages loses them."""
        writer.close()
        try:
            async with asyncio.timeout(self._limits.farewell_s):
                await writer.wait_closed()
        except (TimeoutError, OSError):
            logger.info("a client left without its last messages")
        finally:
            writer.transport.abort()


class _Begun:
    """A connection of which the first message was read already: it is read once more."""

    def __init__(self, first: bytes, rest: asyncio.StreamReader) -> None:
        self._first, self._rest = first, rest

    async def read(self, most: int, /) -> bytes:
        """Wait for bytes; none are the end."""
        if self._first:
            first, self._first = self._first[:most], self._first[most:]
            return first
        return await self._rest.read(most)


def _watch(writer: asyncio.StreamWriter) -> None:
    """Have the system find out when the other machine is gone without a word."""
    with contextlib.suppress(OSError):
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
