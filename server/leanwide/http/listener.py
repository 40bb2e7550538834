"""Connections of the endpoint: how many there may be, and how they end."""

from __future__ import annotations

import asyncio
import logging

from attrs import define, field

from leanwide.http.connection import Check, HttpConnection, Respond
from leanwide.http.limits import DEFAULT_LIMITS, HttpLimits

logger = logging.getLogger(__name__)


@define(eq=False)
class HttpListener:
    """Serves every connection from its first byte to its end."""

    check: Check
    respond: Respond
    limits: HttpLimits = DEFAULT_LIMITS
    _open: dict[asyncio.Task[None], HttpConnection] = field(factory=dict)
    """Oldest first."""

    def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve a new connection."""
        if len(self._open) >= self.limits.connections and not self._make_room():
            logger.warning("a connection is closed: requests are being answered on all others")
            writer.transport.abort()
            return
        connection = HttpConnection(reader, writer, self.check, self.respond, self.limits)
        task = asyncio.create_task(self._run(connection, writer))
        self._open[task] = connection
        task.add_done_callback(lambda ended: self._open.pop(ended, None))

    async def close(self) -> None:
        """End every connection."""
        for task in self._open:
            task.cancel()
        if self._open:
            await asyncio.wait(self._open)

    def _make_room(self) -> bool:
        """Close the oldest connection on which nothing is being answered."""
        for task, connection in self._open.items():
            if not connection.serving:
                del self._open[task]
                task.cancel()
                return True
        return False

    async def _run(self, connection: HttpConnection, writer: asyncio.StreamWriter) -> None:
        try:
            await connection.serve()
            writer.close()
            async with asyncio.timeout(self.limits.linger_s):
                await writer.wait_closed()
        except (TimeoutError, OSError):
            logger.info("a client left without its last answer")
        except Exception as error:  # noqa: BLE001  # the other connections go on
            logger.error("a connection failed: %s", type(error).__name__)  # noqa: TRY400  # no text
        finally:
            writer.transport.abort()
