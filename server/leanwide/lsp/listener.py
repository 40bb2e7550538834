"""Connections over TCP: each client with the token gets its own session."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Callable
from typing import Any, Final

from attrs import frozen
from lsprotocol import types

from leanwide.access_token import AccessToken
from leanwide.lsp.admission import AdmissionRefused, first_message, frame, refusal
from leanwide.lsp.rpc.connection import ServedSession, serve_connection

logger = logging.getLogger(__name__)

_DISCONNECTED: Final = (ConnectionError, asyncio.IncompleteReadError)


@frozen(kw_only=True)
class ListenerLimits:
    """Limits of one listener."""

    unauthenticated: int = 32
    """Connections without the token; one more closes the oldest."""
    sessions: int = 32
    first_message_s: float = 10.0
    """Seconds in which a connection must send the token."""
    close_s: float = 1.0
    """Seconds in which a client can read the last messages."""


class Listener:
    """Serves every connection from its first byte to its end."""

    def __init__(
        self,
        new_session: Callable[[], ServedSession],
        token: AccessToken,
        limits: ListenerLimits = ListenerLimits(),
    ) -> None:
        """Create a listener.

        Args:
            new_session: Creates a session; called when a client has sent the token.
            token: The secret that clients must know.
            limits: How many connections there may be, and for how long.
        """
        self._new_session = new_session
        self._token = token
        self._limits = limits
        self._connections: set[asyncio.Task[None]] = set()
        self._unauthenticated: dict[asyncio.Task[None], None] = {}
        """Oldest first."""
        self._sessions = 0

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a new connection."""
        task = asyncio.create_task(self._run(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)
        if len(self._unauthenticated) >= self._limits.unauthenticated:
            next(iter(self._unauthenticated)).cancel()
        self._unauthenticated[task] = None
        task.add_done_callback(lambda ended: self._unauthenticated.pop(ended, None))

    async def close(self) -> None:
        """End every connection."""
        for task in self._connections:
            task.cancel()
        if self._connections:
            await asyncio.wait(self._connections)

    async def _run(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            message = await self._authenticate(reader)
            await self._serve(message, reader, writer)
        except AdmissionRefused as refused:
            if refused.answer is not None:
                writer.write(frame(refused.answer))
        except TimeoutError:
            logger.info("a connection that sent no token is closed")
        except _DISCONNECTED:
            logger.info("a connection ended before it sent the token")
        finally:
            await self._close(writer)

    async def _authenticate(self, reader: asyncio.StreamReader) -> dict[str, Any]:
        """Wait for the first message; from then on the connection counts as a session.

        Raises:
            AdmissionRefused: It has no token, or there are too many sessions.
            TimeoutError: It did not come in time.
        """
        async with asyncio.timeout(self._limits.first_message_s):
            message = await first_message(reader, self._token)
        if self._sessions >= self._limits.sessions:
            sentence = f"leanwide serves {self._sessions} sessions already: close one of them"
            raise refusal(message, types.LSPErrorCodes.RequestFailed.value, sentence)
        task: Any = asyncio.current_task()
        self._unauthenticated.pop(task, None)
        return message

    async def _serve(
        self, message: dict[str, Any], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        """Run a session to its end: ``exit``, the connection's end, or the server's."""
        with contextlib.suppress(OSError):  # so that the system notices a dead machine
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        self._sessions += 1
        try:
            everything = _WithFirstMessage(frame(message), reader)
            await serve_connection(self._new_session(), everything, writer)
        except Exception as error:  # noqa: BLE001  # the other sessions go on
            logger.error("a session failed: %s", type(error).__name__)  # noqa: TRY400  # no text
        finally:
            self._sessions -= 1

    async def _close(self, writer: asyncio.StreamWriter) -> None:
        """Close a connection; messages that the client does not read in time are lost."""
        writer.close()
        try:
            async with asyncio.timeout(self._limits.close_s):
                await writer.wait_closed()
        except (TimeoutError, OSError):
            logger.info("a client left without its last messages")
        finally:
            writer.transport.abort()


class _WithFirstMessage:
    """A connection with its first message, which was read already, put back in front."""

    def __init__(self, first: bytes, rest: asyncio.StreamReader) -> None:
        self._first, self._rest = first, rest

    async def read(self, most: int, /) -> bytes:
        """Wait for up to ``most`` bytes; return none at the end."""
        if self._first:
            first, self._first = self._first[:most], self._first[most:]
            return first
        return await self._rest.read(most)
