"""One connection: requests are read and answered one after another, all within limits."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from http import HTTPStatus
from typing import Final

import h11

from leanwide.http.answers import EventStream, JsonAnswer
from leanwide.http.errors import HttpError
from leanwide.http.limits import HttpLimits

logger = logging.getLogger(__name__)

_READ_BYTES: Final = 16 * 1024
_COMMON_HEADERS: Final = (("Cache-Control", "no-store"), ("X-Content-Type-Options", "nosniff"))

Answer = JsonAnswer | EventStream
Check = Callable[[h11.Request], None]
"""Raises :class:`HttpError` for a request whose body need not be read."""
Respond = Callable[[h11.Request, bytes], Awaitable[Answer]]
"""Answers a request with its body; raises :class:`HttpError`."""


class ConnectionOver(Exception):  # noqa: N818  # what happens to every connection
    """No more can be read or written: the client is gone, or too slow."""


class HttpConnection:
    """Serves a client from its first byte to its last."""

    def __init__(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        check: Check,
        respond: Respond,
        limits: HttpLimits,
    ) -> None:
        self._reader = reader
        self._writer = writer
        self._check = check
        self._respond = respond
        self._limits = limits
        self._http = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head_bytes)
        self._method = b""
        """Of the newest request; "" where that cannot be read."""
        self.serving = False
        """Whether a request that was let through is being answered."""

    async def serve(self) -> None:
        """Answer requests until the connection ends; the caller closes it."""
        with contextlib.suppress(ConnectionOver):
            wait_s = self._limits.head_s
            while await self._serve_one(wait_s):
                self._http.start_next_cycle()
                wait_s = self._limits.idle_s

    async def _serve_one(self, wait_s: float) -> bool:
        """Read a request and answer it; return whether another one may follow.

        Raises:
            ConnectionOver: The connection has ended.
        """
        try:
            request = await self._request(wait_s)
            if request is None:
                return False
            self._check(request)
            self.serving = True
            body = await self._body(request)
            await self._while_connected(self._answer(request, body))
        except HttpError as error:
            await self._send_error(error)
        except h11.RemoteProtocolError as error:
            status = error.error_status_hint
            await self._send_error(HttpError(status, "This is not a request that HTTP/1.1 allows."))
        finally:
            self.serving = False
        more = self._http.our_state is h11.DONE and self._http.their_state is h11.DONE
        if not more:
            await self._linger()
        return more

    async def _request(self, wait_s: float) -> h11.Request | None:
        """Wait for the headers of a request; None at the end of the connection.

        Raises:
            h11.RemoteProtocolError: They are no headers, or too long.
            ConnectionOver: They did not come in time.
        """
        self._method = b""
        event = self._http.next_event()
        if event is h11.NEED_DATA and not self._http.trailing_data[0]:
            await self._receive(wait_s)
            event = self._http.next_event()
        async with _at_most(self._limits.head_s):
            while event is h11.NEED_DATA:
                await self._receive(self._limits.head_s)
                event = self._http.next_event()
        if not isinstance(event, h11.Request):
            return None
        self._method = event.method
        return event

    async def _body(self, request: h11.Request) -> bytes:
        """Read a request's body.

        Raises:
            HttpError: It is too long.
            h11.RemoteProtocolError: It is cut, or in no form that HTTP knows.
            ConnectionOver: It did not come in time.
        """
        lengths = [value for name, value in request.headers if name == b"content-length"]
        if lengths and (len(lengths[0]) > 12 or int(lengths[0]) > self._limits.body_bytes):
            raise self._too_long()
        if self._http.they_are_waiting_for_100_continue:
            await self._send(h11.InformationalResponse(status_code=100, headers=[]))
        body = bytearray()
        async with _at_most(self._limits.body_s):
            while not isinstance(event := self._http.next_event(), h11.EndOfMessage):
                if event is h11.NEED_DATA:
                    await self._receive(self._limits.body_s)
                elif isinstance(event, h11.Data):
                    body += event.data
                    if len(body) > self._limits.body_bytes:
                        raise self._too_long()
                else:
                    raise ConnectionOver
        return bytes(body)

    def _too_long(self) -> HttpError:
        return HttpError(413, f"A request has at most {self._limits.body_bytes:,} bytes.")

    async def _answer(self, request: h11.Request, body: bytes) -> None:
        """Have a request answered, and send the answer.

        Raises:
            HttpError: It is not served.
            ConnectionOver: The client does not read.
        """
        try:
            answer = await self._respond(request, body)
        except HttpError:
            raise
        except Exception as error:
            logger.exception("a request failed")
            raise HttpError(500, "leanwide failed: its log says where.") from error
        if isinstance(answer, JsonAnswer):
            await self._send_json(answer.status, answer.body)
        else:
            await self._send_stream(answer)

    async def _send_stream(self, answer: EventStream) -> None:
        headers = [("Content-Type", "text/event-stream; charset=utf-8"), *_COMMON_HEADERS]
        async with aclosing(answer.events) as events:
            await self._send(h11.Response(status_code=200, headers=headers))
            async for event in events:
                await self._send(h11.Data(data=event))
        await self._send(h11.EndOfMessage())

    async def _send_error(self, error: HttpError) -> None:
        if self._http.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            await self._send_json(
                error.status, JsonAnswer(error.body).body, tuple(error.headers.items())
            )

    async def _send_json(
        self, status: int, body: bytes, more: tuple[tuple[str, str], ...] = ()
    ) -> None:
        headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Length", str(len(body))),
            *_COMMON_HEADERS,
            *more,
        ]
        reason = HTTPStatus(status).phrase
        # HEAD asks for the headers of the answer alone.
        data = () if self._method == b"HEAD" else (h11.Data(data=body),)
        await self._send(
            h11.Response(status_code=status, headers=headers, reason=reason.encode()),
            *data,
            h11.EndOfMessage(),
        )

    async def _send(self, *events: h11.Event) -> None:
        """Send events of HTTP.

        Raises:
            ConnectionOver: The client is gone, or does not read.
        """
        for event in events:
            if data := self._http.send(event):
                self._writer.write(data)
        try:
            async with asyncio.timeout(self._limits.write_s):
                await self._writer.drain()
        except (TimeoutError, ConnectionError) as error:
            raise ConnectionOver from error

    async def _receive(self, seconds: float) -> None:
        """Wait for more of the client.

        Raises:
            ConnectionOver: Nothing came in time.
        """
        async with _at_most(seconds):
            self._http.receive_data(await self._read())

    async def _read(self) -> bytes:
        try:
            return await self._reader.read(_READ_BYTES)
        except ConnectionError:
            return b""

    async def _while_connected(self, work: Awaitable[None]) -> None:
        """Run something that is cancelled when the client hangs up.

        Raises:
            ConnectionOver: It did.
        """
        working = asyncio.ensure_future(work)
        hanging_up = asyncio.create_task(self._hang_up())
        try:
            await asyncio.wait((working, hanging_up), return_when=asyncio.FIRST_COMPLETED)
            if not working.done():
                raise ConnectionOver
            await working
        finally:
            for task in (working, hanging_up):
                task.cancel()
            await asyncio.gather(working, hanging_up, return_exceptions=True)

    async def _hang_up(self) -> None:
        """Wait until the client hangs up; what it sends meanwhile is kept, up to a limit."""
        early = 0
        while early <= self._limits.early_bytes:
            data = await self._read()
            if not data:
                return
            early += len(data)
            self._http.receive_data(data)
        await asyncio.Event().wait()

    async def _linger(self) -> None:
        """Let the client read the last answer: closing while it still sends would destroy that."""
        with contextlib.suppress(OSError, ConnectionOver):
            if self._writer.can_write_eof():
                self._writer.write_eof()
            async with _at_most(self._limits.linger_s):
                while await self._read():
                    pass


@contextlib.asynccontextmanager
async def _at_most(seconds: float) -> AsyncIterator[None]:
    """Run a block for a limited time.

    Raises:
        ConnectionOver: The time is over.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise ConnectionOver from error
